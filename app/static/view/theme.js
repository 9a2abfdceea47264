// Light, dark, or as the system has it: the browser keeps what was chosen, for all pages.
// Streamlit keeps such a choice for each page apart, and cannot be told of one. Where it keeps none it asks for the
// system's by `matchMedia`, and asks again after printing (App's ThemeManager, as of 1.67): so it is answered here.

const KEPT = "vaecore theme";
const DARK = "(prefers-color-scheme: dark)";

/** @typedef {"light" | "dark" | "system"} Theme */

/** @returns {Theme} */
export function chosenTheme() {
  try {
    const kept = localStorage.getItem(KEPT);
    return kept === "light" || kept === "dark" ? kept : "system";
  } catch {
    return "system"; // a frame of another site may be allowed no storage
  }
}

/** @param {Theme} theme */
export function chooseTheme(theme) {
  try {
    if (theme === "system") localStorage.removeItem(KEPT);
    else localStorage.setItem(KEPT, theme);
  } catch {
    return;
  }
  dispatchEvent(new Event("afterprint"));
}

/** Answer for the system from now on, once in a page. */
export function answerForTheme() {
  const mark = document.documentElement.dataset;
  if (mark.theme) return;
  mark.theme = "ours";
  forgetOthers();
  const ask = window.matchMedia.bind(window);
  window.matchMedia = (query) => {
    const list = ask(query);
    if (query !== DARK) return list;
    const matches = () => (chosenTheme() === "system" ? ask(DARK).matches : chosenTheme() === "dark");
    return Object.defineProperty(list, "matches", { get: matches });
  };
  addEventListener("storage", ({ key }) => {
    if (key === KEPT) dispatchEvent(new Event("afterprint"));
  });
}

function forgetOthers() {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith("stActiveTheme")) localStorage.removeItem(key);
  } catch {
    // nothing is kept
  }
}
