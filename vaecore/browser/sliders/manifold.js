import { one } from "../dom.js";
import { ARROWS } from "../keys.js";
import { clamp, perAxis } from "../numbers.js";
import { paint, penOf } from "../picture.js";
import { codeAt, inRange } from "./quantiles.js";

/** @import { Point } from "../numbers.js" */
/** @import { Sliders } from "./sliders.js" */

/**
 * The picture of a 2-D model's manifold.
 *
 * @typedef {object} ManifoldData
 * @property {string} address
 * @property {number} side - How many images there are along each side.
 * @property {string} caption
 */

/** @type {Point} Percents that the whole plane shows. */
const EDGES = [2, 98];
const CLOSEST = 3; // percents from one side of the plane to the other
const NEARER = 1.6; // at a button or a key
const FRAME = 12; // ms of decoding before the browser may draw

// The plane of a code of two numbers, on which a pointer moves both: a picture of the whole, and what is seen from nearer
// is decoded here.
export class Manifold {
  /**
   * @param {HTMLElement} root
   * @param {Sliders} sliders
   */
  constructor(root, sliders) {
    this.root = root;
    this.sliders = sliders;
    /** @type {[Point, Point]} The lowest and the highest percent in sight, of each number. */
    this.view = [EDGES, EDGES];
    this.pad = one(root, ".pad", HTMLElement);
    this.spreading = 0; // the frame in which it goes on
    this.sheet = one(root, ".pad canvas", HTMLCanvasElement);
    this.pad.onpointerdown = (event) => this.grasp(event);
    this.pad.onpointermove = (event) => this.dragging === event.pointerId && this.follow(event);
    this.pad.onpointerup = this.pad.onpointercancel = (event) => this.letGo(event);
    this.pad.onkeydown = (event) => this.walk(event);
    this.pad.onkeyup = (event) => event.key in ARROWS && sliders.finish();
    this.pad.onblur = () => sliders.keyed && sliders.finish();
    this.pad.onwheel = (event) => this.wheel(event);
    one(root, ".in", HTMLElement).onclick = () => this.zoom(NEARER);
    one(root, ".out", HTMLElement).onclick = () => this.zoom(1 / NEARER);
    one(root, ".whole", HTMLElement).onclick = () => this.zoom(0);
  }

  /**
   * Another picture, or none.
   *
   * @param {ManifoldData | null} data
   */
  take(data) {
    this.root.hidden = !data;
    if (!data) return;
    one(this.root, "img", HTMLImageElement).src = data.address;
    one(this.root, "figcaption", HTMLElement).textContent = data.caption;
  }

  /**
   * Whether one may look from nearer is known now; at another model one looks from afar.
   *
   * @param {boolean} another
   */
  offer(another) {
    const { data, network } = this.sliders;
    one(this.root, ".zoom", HTMLElement).hidden = !(data.plane && network);
    if (another && data.plane) this.zoom(0);
  }

  get side() {
    return this.sliders.data.plane?.side ?? 1;
  }

  /** @param {KeyboardEvent} event */
  walk(event) {
    const { sliders } = this;
    if (sliders.network && event.key === "+") return this.zoom(NEARER);
    if (sliders.network && event.key === "-") return this.zoom(1 / NEARER);
    const step = ARROWS[event.key];
    if (step) sliders.press(event, { 0: inRange(sliders.at(0) + step[0]), 1: inRange(sliders.at(1) + step[1]) });
  }

  /** @param {PointerEvent} event */
  grasp(event) {
    if (this.dragging !== undefined || event.button !== 0) return;
    this.sliders.halt();
    this.dragging = event.pointerId;
    this.pad.setPointerCapture(event.pointerId);
    this.follow(event);
  }

  /** @param {PointerEvent} event */
  follow(event) {
    const [first, second] = this.under(event);
    this.sliders.move({ 0: inRange(Math.round(10 * first) / 10), 1: inRange(Math.round(10 * second) / 10) });
  }

  /** @param {PointerEvent} event */
  letGo(event) {
    if (event.pointerId !== this.dragging) return;
    this.drop();
    this.sliders.finish();
  }

  drop() {
    /** @type {number | undefined} The pointer that drags. */
    this.dragging = undefined;
  }

  /**
   * The percents at a place of the plane: its outermost images stand in the middle of their cells.
   *
   * @param {MouseEvent} event
   */
  under(event) {
    const box = this.pad.getBoundingClientRect();
    const shares = [(event.clientX - box.left) / box.width, (box.bottom - event.clientY) / box.height];
    return perAxis((axis) => {
      const [low, high] = this.view[axis];
      return low + ((high - low) * (shares[axis] * this.side - 0.5)) / (this.side - 1);
    });
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    if (!this.sliders.network) return;
    event.preventDefault();
    this.zoom(event.deltaY < 0 ? 1.25 : 0.8, this.under(event));
  }

  /**
   * Show less of the plane, or more of it, around a place that stays where it is; a factor of 0 shows the whole.
   *
   * @param {number} factor
   * @param {Point} around
   */
  zoom(factor, around = perAxis((axis) => this.sliders.at(axis))) {
    const [least, most] = EDGES;
    this.view = perAxis((axis) => {
      const [low, high] = this.view[axis];
      const span = factor ? clamp((high - low) / factor, CLOSEST, most - least) : most - least;
      const place = clamp(around[axis], low, high);
      const share = (place - low) / (high - low);
      const start = clamp(place - share * span, least, most - span);
      return [start, start + span];
    });
    this.spread();
    this.sliders.show();
  }

  // Decode the part of the plane that is shown, a row at a time; of the whole there is a picture.
  spread() {
    cancelAnimationFrame(this.spreading);
    const { sheet, side, sliders } = this;
    const { data, network } = sliders;
    const [, height, width] = data.shape;
    sheet.hidden = this.view.every(([low, high]) => high - low >= EDGES[1] - EDGES[0]);
    if (sheet.hidden || !network) return;
    Object.assign(sheet, { width: side * width, height: side * height });
    const pen = penOf(sheet);
    const cell = document.createElement("canvas");
    /** @type {(axis: 0 | 1, i: number) => number} */
    const at = (axis, i) => this.view[axis][0] + ((this.view[axis][1] - this.view[axis][0]) * i) / (side - 1);
    let done = 0;
    const some = () => {
      for (const begun = performance.now(); done < side * side && performance.now() - begun < FRAME; done++) {
        const column = done % side;
        const row = Math.floor(done / side);
        const place = [at(0, column), at(1, side - 1 - row)];
        const code = codeAt(data.middle, data.quantiles, (index) => place[Number(index)]);
        paint(cell, sliders.decode(network, code), data.shape);
        pen.drawImage(cell, column * width, row * height);
      }
      if (done < side * side) this.spreading = requestAnimationFrame(some);
    };
    some();
  }

  // The dot where the sliders stand.
  mark() {
    if (!this.sliders.data.plane) return;
    const [left, bottom] = perAxis((axis) => {
      const [low, high] = this.view[axis];
      const share = (this.sliders.at(axis) - low) / (high - low);
      return `${(100 * (share * (this.side - 1) + 0.5)) / this.side}%`;
    });
    Object.assign(one(this.root, ".pad i", HTMLElement).style, { left, bottom });
  }
}
