// A component on a page to take away.
import { one } from "../dom.js";

/** @typedef {{ html: string, css: string }} PartData */

/**
 * Put a component at its place, in a shadow of its own.
 *
 * @param {string} name
 * @param {PartData} part
 */
export function shadowOf(name, { html, css }) {
  const root = one(document, `[data-component=${name}]`, HTMLElement).attachShadow({ mode: "open" });
  root.innerHTML = `<style>${css}</style>${html}`;
  return root;
}

/**
 * Say why the page does not do what it is there for.
 *
 * @param {unknown} error
 */
export function giveUp(error) {
  const why = error instanceof Error ? error.message : String(error);
  const place = one(document, ".trouble", HTMLElement);
  place.textContent = `This browser cannot show the page: ${why}. One of 2023 or later can.`;
  place.hidden = false;
}
