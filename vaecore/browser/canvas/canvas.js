// Strokes, and nothing but strokes: points in shares of the side, x to the right and y down. drawing.js makes of them
// what a model sees, as Python does (vaecore/serving/drawings.py); the ink here is for the eye alone.
import { ARROWS } from "../keys.js";
import { clamp } from "../numbers.js";
import { Reading } from "./reading.js";

const SIDE = 560; // of the bitmap: twice its largest size on the screen, where the lines stay sharp
const INK = 0.08; // of the side
const STRIDE = 0.02; // of the side, at a key; with Shift three times as far
const pads = new WeakMap();

class Pad {
  constructor(root, strokes, reading) {
    this.root = root;
    this.reading = reading;
    this.canvas = root.querySelector("canvas");
    this.canvas.width = this.canvas.height = SIDE;
    this.ink = this.canvas.getContext("2d");
    this.ink.lineCap = this.ink.lineJoin = "round";
    this.ink.strokeStyle = "#fff";
    this.ink.lineWidth = INK * SIDE;
    this.strokes = strokes;
    this.stroke = null; // the one that is being drawn
    this.pointer = null; // the finger that draws: another one on the canvas does not
    this.nib = [0.5, 0.5]; // where the keys' pen is
    this.held = new Set(); // the arrows that are down
    this.canvas.onpointerdown = (event) => this.begin(event);
    this.canvas.onpointermove = (event) => this.extend(event);
    this.canvas.onpointerup = (event) => this.end(event, true);
    this.canvas.onpointercancel = (event) => this.end(event, false);
    this.canvas.onkeydown = (event) => this.press(event);
    this.canvas.onkeyup = (event) => this.held.delete(event.key);
    this.canvas.onblur = () => this.lift();
    root.querySelector(".undo").onclick = () => this.undo();
    root.querySelector(".clear").onclick = () => this.change([]);
    this.show();
    this.reading.read(this.strokes);
    root.dataset.ready = "true";
  }

  begin(event) {
    if (this.pointer !== null || event.button !== 0) return;
    this.lift();
    this.pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.stroke = [this.place(event)];
    this.follow();
  }

  extend(event) {
    if (event.pointerId !== this.pointer) return;
    const passed = event.getCoalescedEvents?.() ?? [];
    this.stroke.push(...(passed.length ? passed : [event]).map((each) => this.place(each)));
    this.follow();
  }

  end(event, meant) {
    if (event.pointerId !== this.pointer) return;
    this.pointer = null;
    this.finish(meant); // the system may have taken the pointer away: what it drew then was no stroke
  }

  // By keys: the arrows move the pen, two at once aslant, and the space bar sets it down and lifts it.
  press(event) {
    if (this.pointer !== null) return;
    if (event.key in ARROWS) this.move(event);
    else if (event.key === " ") this.stroke ? this.lift() : this.lower();
    else if (event.key === "Escape" && this.stroke) this.finish(false);
    else if (event.key === "Backspace" || (event.key === "z" && (event.ctrlKey || event.metaKey))) this.undo();
    else return;
    event.preventDefault();
  }

  move(event) {
    this.held.add(event.key);
    const far = STRIDE * (event.shiftKey ? 3 : 1);
    const ways = [...this.held].map((key) => ARROWS[key]);
    const total = ways.reduce(([x, y], way) => [x + way[0], y - way[1]], [0, 0]);
    this.nib = this.nib.map((at, axis) => clamp(at + far * total[axis], 0, 1));
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
    this.reading.follow(this.stroke ? [...this.strokes, this.stroke] : this.strokes);
  }

  finish(meant) {
    const { stroke } = this;
    this.stroke = null;
    this.change(meant ? [...this.strokes, stroke] : this.strokes, meant);
  }

  undo() {
    if (this.stroke) this.finish(false);
    else this.change(this.strokes.slice(0, -1));
  }

  change(strokes, meant = true) {
    this.strokes = strokes;
    this.show();
    this.reading.read(strokes);
    if (meant) this.send(strokes);
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    const shares = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    return shares.map((share) => clamp(share, 0, 1));
  }

  show() {
    this.ink.clearRect(0, 0, SIDE, SIDE);
    const strokes = this.stroke ? [...this.strokes, this.stroke] : this.strokes;
    for (const stroke of strokes) {
      this.ink.beginPath();
      for (const [x, y] of [stroke[0], ...stroke]) this.ink.lineTo(x * SIDE, y * SIDE); // twice: one point is a dot
      this.ink.stroke();
    }
    const nib = this.root.querySelector(".nib");
    const [x, y] = this.nib;
    Object.assign(nib.style, { left: `${100 * x}%`, top: `${100 * y}%` });
    nib.classList.toggle("down", Boolean(this.stroke) && this.pointer === null);
    this.root.querySelector(".hint").hidden = strokes.length > 0;
    const count = this.strokes.length;
    const total = count === 1 ? "1 stroke" : `${count} strokes`;
    this.root.querySelector(".said").textContent =
      this.stroke && this.pointer === null ? `${total}, the pen is down` : total;
  }
}

const KEYS = "arrow keys move the pen, the space bar sets it down and lifts it, Backspace takes a stroke back";

export function mountCanvas({ data, parentElement, setStateValue }) {
  let pad = pads.get(parentElement);
  if (!pad) {
    // Once: what Python knows is later than nothing that was drawn since.
    const reading = new Reading(parentElement.querySelector(".reading"));
    pad = new Pad(parentElement.querySelector(".pad"), data.strokes, reading);
    pads.set(parentElement, pad);
  }
  pad.send = (strokes) => setStateValue("strokes", strokes);
  pad.canvas.setAttribute("aria-label", `${data.hint}: ${KEYS}`);
  pad.root.querySelector(".hint").textContent = data.hint;
  pad.reading.update(data);
  return () => {
    pad.reading.leave();
    pads.delete(parentElement);
  };
}
