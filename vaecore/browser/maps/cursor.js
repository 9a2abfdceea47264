import { all, make } from "../dom.js";
import { fetchFloats } from "../fetching.js";
import { clamp } from "../numbers.js";
import { ring } from "./chart.js";
import { nearestRows } from "./neighbours.js";

/** @import { Told } from "../canvas/reading.js" */
/** @import { Point } from "../numbers.js" */
/** @import { Chart } from "./chart.js" */
/** @import { Maps } from "./maps.js" */

/**
 * @typedef {object} CursorData
 * @property {string} model - Whose drawings are followed.
 * @property {string | null} codes - Where all codes are.
 */

const NEIGHBOURS = 8;

// Where a drawing is on the maps, as the canvas of the same page says it, and the images whose codes are nearest to it.
export class Cursor {
  /**
   * @param {HTMLElement} root
   * @param {Maps} maps
   */
  constructor(root, maps) {
    this.maps = maps;
    this.root = root;
    /** @type {Told | null} */
    this.told = null;
    /** @type {number[]} */
    this.near = [];
    /** @type {string | null | undefined} */
    this.address = undefined;
    /** @type {Float32Array | null} */
    this.codes = null;
    this.hear = (/** @type {Event} */ event) => this.move(event instanceof CustomEvent ? event.detail : null);
    addEventListener("vaecore:code", this.hear);
    const pictures = Array.from({ length: NEIGHBOURS }, () => make("canvas", {}, { role: "img" }));
    root.querySelector("div")?.replaceChildren(...pictures);
  }

  // Other points, or another model: the canvas is asked to say again what is drawn.
  async update() {
    const { cursor } = this.maps.data;
    const address = cursor?.codes;
    if (address !== this.address) [this.address, this.codes] = [address, null];
    if (!cursor) return this.move(null);
    const codes = this.codes ?? (await fetchFloats(address));
    if (address !== this.address) return; // another model has been chosen meanwhile
    this.codes = codes;
    dispatchEvent(new CustomEvent("vaecore:maps"));
  }

  /** @param {Told | null} told */
  move(told) {
    const own = this.maps.planes.length ? this.maps.data.cursor : null;
    this.told = own && told?.model === own.model && told.code ? told : null;
    this.near = this.nearest();
    this.show();
    this.maps.overlay();
  }

  // The nearest by all numbers of the code; of a wide code, by the two on the map.
  nearest() {
    const [place, code] = [this.place(0), this.told?.code];
    if (!place || !code) return [];
    if (this.codes) return nearestRows(this.codes, code, NEIGHBOURS);
    return nearestRows(this.maps.planes[0].points, place, NEIGHBOURS);
  }

  /**
   * On the map of the codes, and on that of PCA; no other map says where a new image belongs.
   *
   * @param {number} index - Of the map.
   * @returns {ArrayLike<number> | null}
   */
  place(index) {
    if (!this.told?.code) return null;
    const { cursor, kinds, middle, basis } = this.maps.data;
    if (!cursor) return null;
    if (kinds[index] === "pca") return this.told.pca;
    if (kinds[index] !== "codes") return null;
    const { code } = this.told;
    return basis.map((direction) => direction.reduce((sum, part, i) => sum + part * (code[i] - middle[i]), 0));
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {Chart} plane
   * @param {string} own - The colour of the place.
   * @param {string} color - Of what is near.
   */
  mark(pen, plane, own, color) {
    if (!this.told) return;
    for (const point of this.near) ring(pen, ...plane.place(point), 5, color);
    const place = this.place(this.maps.planes.indexOf(plane));
    if (!place) return;
    const [left, top] = plane.toScreen(place[0], place[1]);
    const [x, y] = [clamp(left, 8, plane.side - 8), clamp(top, 8, plane.side - 8)]; // in sight
    pen.fillStyle = own;
    pen.beginPath();
    pen.arc(x, y, 8, 0, 7);
    pen.fill();
    ring(pen, x, y, 8, "#fff");
    ring(pen, x, y, 10, "#000");
  }

  show() {
    this.root.hidden = !this.near.length || !this.maps.isPictured();
    if (this.root.hidden) return;
    all(this.root, "canvas", HTMLCanvasElement).forEach((canvas, i) => {
      canvas.hidden = i >= this.near.length;
      if (canvas.hidden) return;
      this.maps.copy(canvas, this.near[i]);
      canvas.title = this.maps.caption(this.near[i]);
      canvas.setAttribute("aria-label", canvas.title);
    });
  }

  leave() {
    removeEventListener("vaecore:code", this.hear);
  }
}
