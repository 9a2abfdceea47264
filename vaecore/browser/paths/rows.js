import { make } from "../dom.js";

/**
 * What a row is of.
 *
 * @param {string} title
 * @param {string} note
 */
export function header(title, note) {
  const head = make("header");
  head.append(make("b", { textContent: title }), make("span", { textContent: note }));
  return head;
}

/**
 * A film, or none, and words below its steps.
 *
 * @param {HTMLCanvasElement | null} canvas
 * @param {string[]} words
 */
export function strip(canvas, words) {
  const part = make("div");
  const list = make("ol");
  list.append(...words.map((word) => make("li", { textContent: word })));
  part.append(...(canvas ? [canvas] : []), ...(words.length ? [list] : []));
  return part;
}
