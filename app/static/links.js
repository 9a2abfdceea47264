// What no part of Streamlit does: a link of ours opens in place, and models are found as one types.
// All of it listens on the whole document, once, so that it does not matter when Streamlit draws what it is for.
if (!document.documentElement.dataset.links) {
  document.documentElement.dataset.links = "true";
  const PHONE = 768; // pixels, up to which Streamlit lays the sidebar over the page
  const LINES = "li:not([hidden]) a";

  // On a phone the sidebar lies over the page, which is what one wants to see once something is chosen there.
  function closeDrawer() {
    const button = document.querySelector(
      "[data-testid=stSidebar]:not([data-collapsed=true]) [data-testid=stSidebarCollapseButton] button",
    );
    if (innerWidth <= PHONE && button instanceof HTMLElement) button.click();
  }

  const chosen = () => {
    const { pathname, searchParams } = new URL(location.href);
    return [pathname, ...["model", "data", "verse"].map((name) => searchParams.get(name))].join("\n");
  };
  let before = chosen();
  addEventListener("addressed", () => {
    const now = chosen();
    if (now !== before) closeDrawer();
    before = now;
  });

  /**
   * To Streamlit it is as if one had gone back or forward to that address, which it opens without loading itself anew.
   *
   * @param {string | URL} address
   */
  function open(address) {
    history.pushState(null, "", address);
    dispatchEvent(new PopStateEvent("popstate"));
    closeDrawer();
  }

  /**
   * The same page with another model: what followed the model goes with it.
   *
   * @param {HTMLDetailsElement} picker
   * @param {string} value
   */
  function choose(picker, value) {
    const { follows = "", key = "model" } = picker.dataset;
    const address = new URL(location.href);
    for (const name of follows.split(" ")) address.searchParams.delete(name);
    address.searchParams.set(key, value);
    picker.open = false;
    open(address);
  }

  /**
   * All elements of a kind below another that a selector finds.
   *
   * @param {ParentNode} root
   * @param {string} selector
   */
  const all = (root, selector) => /** @type {HTMLElement[]} */ ([...root.querySelectorAll(selector)]);

  /**
   * A model stays if it has every word: its line, or its card or its data set. A card or a set without any goes.
   *
   * @param {ParentNode} section
   * @param {string} text
   */
  function find(section, text) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    /** @type {(...parts: (string | null | undefined)[]) => boolean} */
    const has = (...parts) => words.every((word) => parts.join(" ").toLowerCase().includes(word));
    for (const set of all(section, ".vc-set")) {
      for (const kind of all(set, ".vc-kind")) {
        for (const line of all(kind, "li")) {
          line.hidden = !has(set.dataset.said, kind.dataset.said, line.textContent);
        }
        kind.hidden = !kind.querySelector("li:not([hidden])");
      }
      set.hidden = !set.querySelector(".vc-kind:not([hidden])");
      if (!(set instanceof HTMLDetailsElement)) continue;
      set.dataset.open ??= String(set.open);
      set.open = words.length ? !set.hidden : set.dataset.open === "true";
    }
    const found = Boolean(section.querySelector(".vc-set:not([hidden])"));
    for (const nothing of all(section, ".vc-nothing")) nothing.hidden = found;
  }

  /**
   * The picker that an element is in, if it is in one.
   *
   * @param {Element} element
   */
  const pickerOf = (element) => /** @type {HTMLDetailsElement | null} */ (element.closest(".vc-picker"));

  document.addEventListener("click", (event) => {
    const { target, ctrlKey, metaKey, shiftKey, altKey } = event;
    if (!(target instanceof Element)) return;
    if (target.closest("[data-testid=stSidebar] [data-testid=stPageLink] a")) closeDrawer();
    for (const picker of document.querySelectorAll(".vc-picker[open]")) {
      if (!picker.contains(target)) picker.removeAttribute("open");
    }
    const link = target.closest("a.vc-link");
    if (!(link instanceof HTMLAnchorElement)) return;
    if (event.defaultPrevented || ctrlKey || metaKey || shiftKey || altKey) return;
    event.preventDefault();
    const picker = pickerOf(link);
    if (picker) choose(picker, link.dataset.value ?? "");
    else open(link.href);
  });

  document.addEventListener("input", ({ target }) => {
    const section =
      target instanceof HTMLInputElement && target.matches(".vc-search input") && target.closest("section");
    if (section) find(section, target.value);
  });

  // Enter opens the first that is left, or else what was typed; arrows go along the names; Escape closes the picker.
  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (!(target instanceof HTMLElement)) return;
    const section = target.closest("section:has(> .vc-search)");
    if (!section) return;
    const picker = pickerOf(section);
    const lines = all(section, LINES).filter((line) => line.checkVisibility());
    if (key === "Escape" && picker) {
      picker.open = false;
      all(picker, "summary")[0]?.focus();
    } else if (key === "Enter" && target instanceof HTMLInputElement) {
      const typed = target.value.trim();
      if (lines.length) lines[0].click();
      else if (picker?.dataset.own && typed) choose(picker, typed);
    } else if (key === "ArrowDown" || key === "ArrowUp") {
      event.preventDefault();
      const next = lines.indexOf(target) + (key === "ArrowDown" ? 1 : -1);
      (lines[next] ?? all(section, "input")[0]).focus();
    }
  });

  // One types at once.
  document.addEventListener(
    "toggle",
    ({ target }) => {
      if (target instanceof HTMLElement && target.matches(".vc-picker[open]")) all(target, "input")[0]?.focus();
    },
    true,
  );
}
