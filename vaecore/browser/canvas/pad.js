import { one } from "../dom.js";
import { ARROWS } from "../keys.js";
import { clamp, perAxis } from "../numbers.js";
import { penOf } from "../picture.js";

/** @import { Stroke } from "../drawing.js" */
/** @import { Point } from "../numbers.js" */
/** @typedef {{ read: (strokes: Stroke[]) => void, follow: (strokes: Stroke[]) => void }} Reader */

const SIDE = 560; // of the bitmap: twice its largest size on the screen, where the lines stay sharp
const INK = 0.08; // of the side
const STRIDE = 0.02; // of the side, at a key; with Shift three times as far

// Strokes, and nothing but strokes: points in shares of the side, x to the right and y down. drawing.js makes of them
// what a model sees, as Python does (vaecore/serving/drawings.py); the ink here is for the eye alone.
export class Pad {
  /**
   * @param {HTMLElement} root
   * @param {Stroke[]} strokes
   * @param {Reader} reading - What follows the strokes.
   * @param {(strokes: Stroke[]) => void} tell - Hears of those that were meant.
   */
  constructor(root, strokes, reading, tell) {
    this.root = root;
    this.reading = reading;
    this.tell = tell;
    this.canvas = one(root, "canvas", HTMLCanvasElement);
    this.canvas.width = this.canvas.height = SIDE;
    this.ink = penOf(this.canvas);
    this.ink.lineCap = this.ink.lineJoin = "round";
    this.ink.strokeStyle = "#fff";
    this.ink.lineWidth = INK * SIDE;
    this.strokes = strokes;
    /** @type {Stroke | null} The one that is being drawn. */
    this.stroke = null;
    /** @type {number | null} The finger that draws: another one on the canvas does not. */
    this.pointer = null;
    /** @type {Point} Where the keys' pen is. */
    this.nib = [0.5, 0.5];
    /** @type {Set<string>} The arrows that are down. */
    this.held = new Set();
    this.canvas.onpointerdown = (event) => this.begin(event);
    this.canvas.onpointermove = (event) => this.extend(event);
    this.canvas.onpointerup = (event) => this.end(event, true);
    this.canvas.onpointercancel = (event) => this.end(event, false);
    this.canvas.onkeydown = (event) => this.press(event);
    this.canvas.onkeyup = (event) => this.held.delete(event.key);
    this.canvas.onblur = () => this.lift();
    one(root, ".undo", HTMLElement).onclick = () => this.undo();
    one(root, ".clear", HTMLElement).onclick = () => this.change([]);
    this.show();
    reading.read(this.strokes);
    root.dataset.ready = "true";
  }

  /** @param {PointerEvent} event */
  begin(event) {
    if (this.pointer !== null || event.button !== 0) return;
    this.lift();
    this.pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.stroke = [this.place(event)];
    this.follow();
  }

  /** @param {PointerEvent} event */
  extend(event) {
    if (event.pointerId !== this.pointer || !this.stroke) return;
    const passed = event.getCoalescedEvents?.() ?? [];
    this.stroke.push(...(passed.length ? passed : [event]).map((each) => this.place(each)));
    this.follow();
  }

  /**
   * @param {PointerEvent} event
   * @param {boolean} meant - The system may have taken the pointer away: what it drew then was no stroke.
   */
  end(event, meant) {
    if (event.pointerId !== this.pointer) return;
    this.pointer = null;
    this.finish(meant);
  }

  /**
   * By keys: the arrows move the pen, two at once aslant, and the space bar sets it down and lifts it.
   *
   * @param {KeyboardEvent} event
   */
  press(event) {
    if (this.pointer !== null) return;
    if (event.key in ARROWS) this.move(event);
    else if (event.key === " " && this.stroke) this.lift();
    else if (event.key === " ") this.lower();
    else if (event.key === "Escape" && this.stroke) this.finish(false);
    else if (event.key === "Backspace" || (event.key === "z" && (event.ctrlKey || event.metaKey))) this.undo();
    else return;
    event.preventDefault();
  }

  /** @param {KeyboardEvent} event */
  move(event) {
    this.held.add(event.key);
    const far = STRIDE * (event.shiftKey ? 3 : 1);
    let [right, up] = [0, 0];
    for (const key of this.held) [right, up] = [right + ARROWS[key][0], up + ARROWS[key][1]];
    const way = [right, -up];
    this.nib = perAxis((axis) => clamp(this.nib[axis] + far * way[axis], 0, 1));
    if (this.stroke) this.stroke.push(this.nib);
    this.follow();
  }

  lower() {
    this.stroke = [this.nib];
    this.follow();
  }

  lift() {
    this.held.clear();
    if (this.stroke && this.pointer === null) this.finish(true);
  }

  // The strokes and the one that is being drawn, for the eye and for the model.
  follow() {
    this.show();
    this.reading.follow(this.seen());
  }

  seen() {
    return this.stroke ? [...this.strokes, this.stroke] : this.strokes;
  }

  /** @param {boolean} meant */
  finish(meant) {
    const strokes = meant ? this.seen() : this.strokes;
    this.stroke = null;
    this.change(strokes, meant);
  }

  undo() {
    if (this.stroke) this.finish(false);
    else this.change(this.strokes.slice(0, -1));
  }

  /** @param {Stroke[]} strokes */
  change(strokes, meant = true) {
    this.strokes = strokes;
    this.show();
    this.reading.read(strokes);
    if (meant) this.tell(strokes);
  }

  /**
   * @param {PointerEvent} event
   * @returns {Point}
   */
  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [clamp((event.clientX - box.left) / box.width, 0, 1), clamp((event.clientY - box.top) / box.height, 0, 1)];
  }

  show() {
    this.ink.clearRect(0, 0, SIDE, SIDE);
    const strokes = this.seen();
    for (const stroke of strokes) {
      this.ink.beginPath();
      for (const [x, y] of [stroke[0], ...stroke]) this.ink.lineTo(x * SIDE, y * SIDE); // twice: one point is a dot
      this.ink.stroke();
    }
    const isDown = this.stroke !== null && this.pointer === null;
    const nib = one(this.root, ".nib", HTMLElement);
    Object.assign(nib.style, { left: `${100 * this.nib[0]}%`, top: `${100 * this.nib[1]}%` });
    nib.classList.toggle("down", isDown);
    one(this.root, ".hint", HTMLElement).hidden = strokes.length > 0;
    const count = this.strokes.length;
    const total = count === 1 ? "1 stroke" : `${count} strokes`;
    one(this.root, ".said", HTMLElement).textContent = isDown ? `${total}, the pen is down` : total;
  }
}
