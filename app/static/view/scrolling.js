import { whenever } from "./watching.js";

// What is wider than its room, as strips and tables on a phone: it fades where there is more, Tab comes by it, and so
// arrows scroll it. What fits is neither.

const WIDE = ".vc-strip, .vc-table, .vc-product, .stHtml:has(.vc-named)";

/** @param {HTMLElement} part */
function markScrolling(part) {
  const more = part.scrollWidth - part.clientWidth;
  const scrolls = more > 1 && getComputedStyle(part).overflowX === "auto";
  const sides = [part.scrollLeft > 1 && "left", part.scrollLeft < more - 1 && "right"].filter(Boolean).join(" ");
  if (!scrolls) {
    if (part.dataset.more === undefined) return;
    for (const name of ["data-more", "tabindex", "role", "aria-label"]) part.removeAttribute(name);
  } else if (part.dataset.more !== sides) {
    part.dataset.more = sides;
    part.tabIndex = 0;
    part.role = "region";
    const title = (part.closest(".vc-row") ?? part).querySelector("header b, th, figcaption, b");
    const said = title instanceof HTMLElement && title.innerText.trim(); // without what a word of it explains
    part.ariaLabel = `${said || "Table"}, scrolls sideways`;
  }
}

/** Have all that scrolls show it, whenever it is drawn or its room changes. */
export function watchScrolling() {
  whenever(() => {
    for (const part of document.querySelectorAll(WIDE)) if (part instanceof HTMLElement) markScrolling(part);
  });
}
