import { all, one } from "../dom.js";

/** @import { Point } from "../numbers.js" */
/** @import { Chart } from "./chart.js" */
/** @import { Maps } from "./maps.js" */

// What is under the pointer: the nearest image, and what the place decodes to.
export class Card {
  /**
   * @param {HTMLElement} root
   * @param {Maps} maps
   */
  constructor(root, maps) {
    this.root = root;
    this.maps = maps;
  }

  show() {
    const { root: card, maps } = this;
    card.hidden = !maps.met || (maps.met.point < 0 && !maps.decodes());
    if (card.hidden || !maps.met) return;
    const { plane, place, point } = maps.met;
    const [real, made] = all(card, "figure", HTMLElement);
    const [realPicture, madePicture] = all(card, "canvas", HTMLCanvasElement);
    real.hidden = point < 0;
    realPicture.hidden = !maps.isPictured();
    if (!real.hidden && maps.isPictured()) maps.copy(realPicture, point);
    one(real, "figcaption", HTMLElement).textContent = point < 0 ? "" : maps.caption(point);
    made.hidden = !maps.decodes();
    if (!made.hidden) one(made, "figcaption", HTMLElement).textContent = this.decode(madePicture, plane, place);
    this.put(plane, place);
  }

  /**
   * Put the card beside a place, inside the component.
   *
   * @param {Chart} plane
   * @param {Point} place
   */
  put(plane, place) {
    const { root: card, maps } = this;
    const [box, over] = [maps.root, plane.over].map((element) => element.getBoundingClientRect());
    const [left, top] = plane.toScreen(...place);
    const x = over.left - box.left + left;
    const y = over.top - box.top + top;
    const beside = x + 24 + card.offsetWidth > box.width ? x - 24 - card.offsetWidth : x + 24;
    card.style.transform = `translate(${Math.max(0, beside)}px, ${Math.max(0, y - card.offsetHeight / 2)}px)`;
  }

  /**
   * Draw what a place decodes to, and say of which numbers, and of which class, that of the nearest image.
   *
   * @param {HTMLCanvasElement} canvas
   * @param {Chart} plane
   * @param {Point} place
   */
  decode(canvas, plane, [x, y]) {
    const { middle, basis: [across, up] } = this.maps.data; // prettier-ignore
    const code = Float32Array.from(middle, (value, i) => value + x * across[i] + y * up[i]);
    const label = this.maps.told(() => plane.nearest(x, y));
    this.maps.run(canvas, code, label);
    const numbers = (middle.length === 1 ? [x] : [x, y]).map((value) => value.toFixed(2)).join(", ");
    return `decoded at ${numbers}${label.length ? ` as ${this.maps.data.names[label[0]]}` : ""}`;
  }
}
