// What the visitor draws to train on: a canvas, what a drawing is, and a strip of those that are kept. They stay in this
// window of the browser, and leave it in no other way than that they are taken along.
import { Pad } from "../canvas/pad.js";
import { make, one } from "../dom.js";
import { prepareDrawing } from "../drawing.js";
import { paint } from "../picture.js";
import { COPIES, FEWEST, MOST, fromText, isHeld, setOf, toText } from "./drawings.js";
import { pixelsOf } from "./sets.js";

/** @import { Stroke } from "../drawing.js" */
/** @import { Drawn } from "./drawings.js" */
/** @import { Opened, SetData } from "./sets.js" */

const PLACE = "vaecore drawings"; // in the session's storage
const HINT = "Draw a digit here, or a shape: arrow keys move the pen, the space bar sets it down and lifts it";

export class Drawer {
  /**
   * @param {HTMLElement} root
   * @param {() => void} changed - Hears that the set is another one.
   */
  constructor(root, changed) {
    this.root = root;
    this.changed = changed;
    /** @type {SetData | null} */
    this.described = null;
    /** @type {Drawn[]} */
    this.drawings = [];
    /** @type {string[]} */
    this.colors = [];
    this.label = 0;
    const reading = { read: () => this.see(), follow: () => this.see() };
    /** @type {Pad | null} */
    this.pad = null;
    this.pad = new Pad(root, [], reading, () => {});
    this.pad.canvas.setAttribute("aria-label", HINT);
    one(root, ".keep", HTMLButtonElement).onclick = () => this.keep();
    this.copies = one(root, ".copies input", HTMLInputElement);
    this.copies.onchange = () => this.change(this.drawings);
    one(root, ".copies span", HTMLElement).textContent = `${COPIES} of each: tilted and narrowed copies`;
  }

  /**
   * Show the set, or hide it where another one is chosen.
   *
   * @param {SetData | null} described
   * @param {string[]} colors - Of the classes.
   */
  show(described, colors) {
    this.root.hidden = !described;
    if (!described || this.described?.name === described.name) return;
    [this.described, this.colors] = [described, colors];
    const classes = described.classes.map((name, label) => {
      const whole = make("label");
      const choice = make("input", { type: "radio", name: "class", value: name, checked: label === this.label });
      choice.onchange = () => (this.label = label);
      whole.append(choice, make("span", { textContent: name }));
      return whole;
    });
    one(this.root, ".classes", HTMLElement).replaceChildren(make("legend", { textContent: "Its class" }), ...classes);
    this.drawings = fromText(stored(), classes.length);
    this.list();
    this.see();
  }

  /**
   * The set, or null while there are too few drawings.
   *
   * @returns {Opened | null}
   */
  opened() {
    const { described, drawings } = this;
    return described && drawings.length >= FEWEST ? setOf(described, drawings, this.copies.checked) : null;
  }

  /** What the network sees of what is on the canvas. */
  see() {
    const { described, pad } = this;
    if (!described || !pad) return;
    const strokes = pad.seen();
    const image = strokes.length
      ? prepareDrawing(strokes, described.shape)
      : new Float32Array(pixelsOf(described.shape));
    paint(one(this.root, ".sees canvas", HTMLCanvasElement), image, described.shape);
    one(this.root, ".keep", HTMLButtonElement).disabled = !strokes.length || this.drawings.length >= MOST;
  }

  /** Keep what is on the canvas; the next drawing is expected to be of the next class. */
  keep() {
    const { described, pad, label } = this;
    if (!described || !pad?.strokes.length) return;
    const drawings = [...this.drawings, { label, strokes: pad.strokes }];
    this.label = (label + 1) % described.classes.length;
    const choices = this.root.querySelectorAll(".classes input");
    const next = choices[this.label];
    if (next instanceof HTMLInputElement) next.checked = true;
    pad.change([]);
    this.change(drawings);
  }

  /** @param {Drawn[]} drawings */
  change(drawings) {
    this.drawings = drawings;
    store(toText(drawings));
    this.list();
    this.see();
    this.changed();
  }

  list() {
    const { described, drawings, colors } = this;
    if (!described) return;
    const held = drawings.filter((_, place) => isHeld(place)).length;
    const trained = drawings.length - held;
    const copied = this.copies.checked ? `, ${COPIES * trained} with copies` : "";
    const missing = FEWEST - drawings.length;
    one(this.root, ".count", HTMLElement).textContent =
      missing > 0
        ? `From ${FEWEST} drawings on a network can learn: ${missing} more. They stay in this window.`
        : `${trained} to train on${copied}; ${held} to test on, framed. They stay in this window.`;
    const kept = drawings.map(({ label, strokes }, place) => {
      const name = described.classes[label];
      const what = `${isHeld(place) ? "Test image" : "Drawing"} ${place + 1}, class ${name}: remove it`;
      const whole = make("button", { type: "button", className: "kept", title: what }, { "aria-label": what });
      whole.classList.toggle("held", isHeld(place));
      whole.style.setProperty("--class", colors[label % colors.length]);
      const picture = make("canvas");
      paint(picture, prepareDrawing(strokes, described.shape), described.shape);
      whole.append(picture, make("span", { textContent: name }));
      whole.onclick = () => this.change(this.drawings.filter((_, other) => other !== place));
      return whole;
    });
    one(this.root, ".strip", HTMLElement).replaceChildren(...kept);
  }
}

/** What was kept; nothing where the browser keeps nothing. */
function stored() {
  try {
    return sessionStorage.getItem(PLACE);
  } catch {
    return null;
  }
}

/** @param {string} text */
function store(text) {
  try {
    sessionStorage.setItem(PLACE, text);
  } catch {
    // then they last as long as the page
  }
}
