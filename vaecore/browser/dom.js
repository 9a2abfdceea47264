// Elements of a page, of the kind that they are expected to be.

/** @import { Point } from "./numbers.js" */

/**
 * The first element that a selector finds.
 *
 * @template {Element} T
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => T} Kind
 */
export function one(root, selector, Kind) {
  const found = root.querySelector(selector);
  if (!(found instanceof Kind)) throw new Error(`expected ${Kind.name} at ${selector}`);
  return found;
}

/**
 * All elements that a selector finds.
 *
 * @template {Element} T
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => T} Kind
 */
export function all(root, selector, Kind) {
  return [...root.querySelectorAll(selector)].flatMap((found) => (found instanceof Kind ? [found] : []));
}

/**
 * A new element.
 *
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Partial<HTMLElementTagNameMap[T]>} [properties]
 * @param {Record<string, string>} [attributes]
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(tag, properties = {}, attributes = {}) {
  const made = Object.assign(document.createElement(tag), properties);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/**
 * Where a pointer is over an element, in pixels from its corner.
 *
 * @param {MouseEvent} event
 * @param {Element} element
 * @returns {Point}
 */
export function placeOn(event, element) {
  const box = element.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}
