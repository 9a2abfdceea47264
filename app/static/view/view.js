import { framers, frameOf, isPresenting, nameOfPicture, present } from "./address.js";
import { pictureOf } from "./picture.js";
import { watchScrolling } from "./scrolling.js";
import { whenever } from "./watching.js";
import { answerForTheme, chooseTheme, chosenTheme } from "./theme.js";

// Beside the menu, on every page: large type, the theme, and what is taken from here. It stands outside of all that
// Streamlit draws, so that nothing of it goes when a page does.

const PRESENT = `<path d="M4 6h10M9 6v13M14 12h6M17 12v7"/>`;
const THEME = `<circle cx="12" cy="12" r="8"/><path d="M12 4a8 8 0 0 1 0 16z" fill="currentColor"/>`;
const SHARE = `<path d="M12 15V4M8 7l4-4 4 4M7 11H5v9h14v-9h-2"/>`;

/** @param {string} paths */
const icon = (paths) => `<svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">${paths}</svg>`;

const THEMES = [
  ["light", "Light"],
  ["dark", "Dark"],
  ["system", "As the system"],
].map(([value, label]) => `<label><input type="radio" name="vc-theme" value="${value}"> ${label}</label>`);

const BAR = `
  <button type="button" class="vc-present" aria-pressed="false" title="Large type, for presenting (key P)">${icon(PRESENT)}<span>Large type</span></button>
  <button type="button" popovertarget="vc-theme">${icon(THEME)}<span>Theme</span></button>
  <button type="button" popovertarget="vc-share">${icon(SHARE)}<span>Share</span></button>
  <div popover id="vc-theme" class="vc-panel" role="dialog" aria-label="Theme"><div role="radiogroup" aria-label="Theme">${THEMES.join("")}</div></div>
  <div popover id="vc-share" class="vc-panel" role="dialog" aria-label="Share">
    <label for="vc-link">Link to this view</label>
    <div><input id="vc-link" readonly><button type="button" data-copies="vc-link" autofocus>Copy</button></div>
    <label for="vc-code">Code of a frame, for slides</label>
    <div><textarea id="vc-code" rows="3" readonly></textarea><button type="button" data-copies="vc-code">Copy</button></div>
    <label class="vc-with"><input type="checkbox"> with its controls</label>
    <p class="vc-framers"></p>
    <button type="button" class="vc-save">Save picture</button>
    <p role="status"></p>
  </div>`;

/** @template {HTMLElement} T @param {string} selector @param {new () => T} kind @returns {T} */
function one(selector, kind) {
  const found = document.querySelector(`.vc-bar ${selector}`);
  if (!(found instanceof kind)) throw new TypeError(selector);
  return found;
}

/** @param {string} text */
function say(text) {
  one("[role=status]", HTMLElement).textContent = text;
}

function fill() {
  const controls = one(".vc-with input", HTMLInputElement).checked;
  one("#vc-link", HTMLInputElement).value = location.href;
  one("#vc-code", HTMLTextAreaElement).value = frameOf({ controls, theme: chosenTheme() });
  const mine = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
  say(mine ? "This server is on this machine: the link and the frame work here only." : "");
}

/** A page that came without encryption has no clipboard but the old one. @param {HTMLInputElement | HTMLTextAreaElement} from */
async function copy(from) {
  from.select();
  try {
    await navigator.clipboard.writeText(from.value);
  } catch {
    document.execCommand("copy");
  }
  say("Copied.");
}

async function save() {
  const main = document.querySelector("[data-testid=stMainBlockContainer]");
  const drawn = main && (await pictureOf(main));
  if (!drawn) return say("There is no picture here.");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(drawn);
  link.download = nameOfPicture();
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  return say(`Saved as ${link.download}.`);
}

function mark() {
  one(".vc-present", HTMLButtonElement).ariaPressed = String(isPresenting());
}

/** @param {KeyboardEvent} event */
function press(event) {
  const [target] = event.composedPath();
  const field = "input:not([type=range], [type=radio], [type=checkbox]), textarea, select, [contenteditable=true]";
  const typed = !(target instanceof Element) || target.matches(field) || event.ctrlKey || event.metaKey || event.altKey;
  if (event.key.toLowerCase() === "p" && !typed) present();
}

/** Streamlit's list of pages has groups for items, which is no list to who hears it: it is links in a landmark. */
function mendMenu() {
  const parts = "[data-testid=stSidebarNavItems]:not([role]), [data-testid=stSidebarNavItems] li:not([role])";
  for (const part of document.querySelectorAll(parts)) part.role = "none";
}

function draw() {
  const bar = document.createElement("aside");
  bar.className = "vc-bar";
  bar.ariaLabel = "This view";
  bar.innerHTML = BAR;
  document.body.prepend(bar);
  bar.addEventListener("click", ({ target }) => {
    const button = target instanceof Element && target.closest("button");
    if (!button) return;
    const from = document.getElementById(button.dataset.copies ?? "");
    if (from instanceof HTMLInputElement || from instanceof HTMLTextAreaElement) copy(from);
    if (button.matches(".vc-present")) present();
    if (button.matches(".vc-save")) save();
  });
  bar.addEventListener("change", ({ target }) => {
    if (!(target instanceof HTMLInputElement)) return;
    if (target.type === "checkbox") fill();
    else if (target.value === "light" || target.value === "dark" || target.value === "system")
      chooseTheme(target.value);
  });
  one("#vc-share", HTMLElement).addEventListener("beforetoggle", async (event) => {
    if (event instanceof ToggleEvent && event.newState === "closed") return;
    fill();
    one(".vc-framers", HTMLElement).textContent = await framers();
  });
  one("#vc-theme", HTMLElement).addEventListener("beforetoggle", () => {
    one(`input[value=${chosenTheme()}]`, HTMLInputElement).checked = true;
  });
  for (const event of ["addressed", "popstate"]) addEventListener(event, mark);
  addEventListener("keydown", press);
  mark();
}

answerForTheme();
if (!document.documentElement.dataset.view) {
  document.documentElement.dataset.view = "drawn";
  watchScrolling();
  whenever(mendMenu);
  if (new URLSearchParams(location.search).get("embed") !== "true") draw();
}
