// A slider for each number of a code. What moves it decodes here, at every move; Python hears of it once it has ended.
import { Component, mounting } from "../component.js";
import { all, make } from "../dom.js";
import { fetchNetwork } from "../fetching.js";
import { paint } from "../picture.js";
import { Manifold } from "./manifold.js";
import { codeAt, HIGH, inRange, LOW } from "./quantiles.js";

/** @import { Described, Network, Shape } from "../network.js" */
/** @import { ManifoldData } from "./manifold.js" */
/** @import { Percents } from "./quantiles.js" */

/**
 * What Python sends; texts, which the server decodes, have `home` and `said` and none of what pictures need.
 *
 * @typedef {object} SlidersData
 * @property {number[]} middle - The code in the middle of all sliders.
 * @property {Record<string, number[]>} quantiles - By number of the code: what it is at 0 to 100 percent.
 * @property {number[][]} [basis] - Of directions that sliders move along, by slider: the quantiles are ways along them.
 * @property {string} [variable] - What the numbers are called that are decoded.
 * @property {number[]} shown - The numbers of the code that have a slider.
 * @property {string[]} names - Of these.
 * @property {string[]} [groups] - Headings, for each of these the one that it stands under.
 * @property {string[]} classes - Of which a decoder is told one.
 * @property {number | null} label - Which of them.
 * @property {Percents} percents - Where sliders stand that were moved.
 * @property {number} turn
 * @property {Shape} shape
 * @property {Described | null} network - The decoder.
 * @property {string | null} weights
 * @property {number[] | null} picture - What the server decodes, where the page does not.
 * @property {ManifoldData | null} plane
 * @property {BesideData[]} [beside]
 * @property {Percents} [home] - Where sliders stand that were not moved.
 * @property {string} [said] - The text, as HTML.
 */
/**
 * Another model, which decodes at the same percents of its own codes.
 *
 * @typedef {object} BesideData
 * @property {string} name
 * @property {boolean} told - Whether it is told the class.
 * @property {number[]} middle
 * @property {Record<string, number[]>} quantiles
 * @property {Described} network
 * @property {string} weights
 */

const MIDDLE = 50;
const SHOWN_NUMBERS = 12; // of a code, under its picture
const PAUSE = 30; // ms of moves that the server is told of together, where it decodes
const PATIENCE = 2000; // ms until the server is asked again, where no answer comes
const DRAWS = 10000; // draws that the server knows by their number
const LEG = 1600; // ms from one place of the animation to the next
/** @type {Record<string, number>} */
const NUDGES = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 };
/** @type {Record<string, number>} */
const NEXT = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/** @extends {Component<SlidersData>} */
export class Sliders extends Component {
  /** @param {HTMLElement} root */
  constructor(root) {
    super(root);
    /** @type {Percents} */
    this.percents = {};
    /** @type {number | null} */
    this.label = null;
    /** @type {Network | null | undefined} The decoder; null where it did not come, undefined while it is on its way. */
    this.network = undefined;
    /** @type {Map<string, Network | null>} Of the models beside, by the address of their weights. */
    this.networks = new Map();
    /** @type {{ model: BesideData, canvas: HTMLCanvasElement, network: Network }[]} */
    this.beside = [];
    this.picture = this.canvas("canvas");
    this.manifold = new Manifold(this.find(".plane"), this);
    this.moving = false;
    this.keyed = false; // a key is down, and the focus where it was
    this.patience = 0; // when the server has had its time
    this.more = false; // something moved meanwhile
    this.motion = 0; // the next frame of the animation
    /** @type {number | undefined} The timer of the next question to the server. */
    this.question = undefined;
    /** @type {number | undefined} The draw that was asked for. */
    this.drawn = undefined;
    /** @type {string | undefined} */
    this.said = undefined;
    this.find(".random").onclick = () => this.another();
    this.find(".reset").onclick = () => this.finish({});
    this.find(".animate").onclick = () => (this.motion ? this.finish() : this.animate());
  }

  /**
   * What Python knows: another model, other sliders, and where they stand, unless they are being moved.
   *
   * @override
   * @param {SlidersData} data
   */
  async update(data) {
    const { shown: before } = this;
    this.shown = data;
    /** @param {keyof SlidersData} name */
    const differs = (name) => JSON.stringify(before?.[name]) !== JSON.stringify(data[name]);
    const another = ["classes", "quantiles", "weights", "home", "basis"].some((name) =>
      differs(/** @type {any} */ (name)),
    );
    if (another) this.rest();
    if (differs("shown") || differs("names") || differs("groups")) this.build();
    if (differs("classes")) this.offer();
    if (!this.isOutdated(data)) this.hear();
    if (another || (!this.moving && !this.isOutdated(data))) {
      [this.percents, this.label] = [{ ...data.percents }, data.label];
    }
    this.root.classList.toggle("told", data.said !== undefined);
    this.root.classList.toggle("flat", Boolean(data.plane));
    this.manifold.take(data.plane);
    if (differs("weights") || (data.weights && !this.network)) {
      this.network = undefined;
      const network = await fetchNetwork(data.network, data.weights);
      if (this.data.weights !== data.weights) return; // another model has been chosen meanwhile
      this.network = network;
    }
    await this.gather(data);
    if (this.isReplaced(data)) return;
    this.manifold.offer(another);
    this.show();
    if (this.isBlind() && !data.picture) this.report();
    this.root.dataset.ready = "true";
  }

  // Whether the weights did not come: the server, which sends no pictures to those who decode, has to be told.
  isBlind() {
    return this.network === null && Boolean(this.data.weights);
  }

  /**
   * The models beside: a figure for each, once its decoder is there.
   *
   * @param {SlidersData} data
   */
  async gather({ beside = [] }) {
    const unknown = beside.filter(({ weights }) => !this.networks.has(weights));
    const found = await Promise.all(unknown.map(({ network, weights }) => fetchNetwork(network, weights)));
    unknown.forEach(({ weights }, i) => this.networks.set(weights, found[i]));
    if (this.data.beside && this.data.beside !== beside) return; // others have been asked for meanwhile
    this.beside = beside.flatMap((model) => {
      const network = this.networks.get(model.weights);
      const canvas = make("canvas", {}, { role: "img", "aria-label": `Decoded by ${model.name}` });
      return network ? [{ model, canvas, network }] : [];
    });
    const figures = this.beside.map(({ model, canvas }) => {
      const figure = make("figure");
      figure.append(canvas, make("figcaption", { textContent: model.name }));
      return figure;
    });
    this.find(".beside").replaceChildren(...figures);
  }

  build() {
    const step = this.data.said === undefined ? 0.1 : 1;
    const { shown, names, groups = [] } = this.data;
    const rows = shown.flatMap((index, i) => {
      const row = this.row(index, names[i], step);
      const heading = groups[i] && groups[i] !== groups[i - 1];
      return heading ? [make("p", { className: "group", textContent: groups[i] }), row] : [row];
    });
    this.find(".rows").replaceChildren(...rows);
  }

  /**
   * @param {number} index - Of the number that it moves.
   * @param {string} name
   * @param {number} step
   */
  row(index, name, step) {
    const row = make("label");
    const input = make(
      "input",
      { type: "range", min: `${LOW}`, max: `${HIGH}`, step: `${step}` },
      { "aria-label": name },
    );
    Object.assign(input, {
      oninput: () => (this.halt(), this.move({ ...this.percents, [index]: Number(input.value) })),
      onchange: () => this.finish(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.nudge(event, index),
      onkeyup: (/** @type {KeyboardEvent} */ event) => event.key in NUDGES && this.finish(),
      onblur: () => this.keyed && this.finish(),
    });
    input.dataset.index = `${index}`;
    row.append(make("span", { textContent: name }), make("span", {}, { "aria-hidden": "true" }), input);
    return row;
  }

  offer() {
    const buttons = this.data.classes.map((name, label) => {
      const button = make("button", { type: "button", textContent: name }, { role: "radio" });
      button.onclick = () => this.choose(label);
      button.onkeydown = (event) => {
        if (!(event.key in NEXT)) return;
        event.preventDefault();
        const next = buttons[(label + NEXT[event.key] + buttons.length) % buttons.length];
        next.focus();
        next.click();
      };
      return button;
    });
    this.find(".classes").replaceChildren(...buttons);
  }

  /** @param {number} label */
  choose(label) {
    this.label = label;
    if (this.data.plane) this.manifold.spread();
    this.finish();
  }

  /** @param {number | string} index */
  at(index) {
    return this.percents[index] ?? this.home(index);
  }

  /**
   * Where a slider stands that nobody has moved.
   *
   * @param {number | string} index
   */
  home(index) {
    return this.data.home?.[index] ?? MIDDLE;
  }

  /**
   * The code of a model where the sliders stand.
   *
   * @param {{ middle: number[], quantiles: Record<string, number[]>, basis?: number[][] }} model
   */
  code({ middle, quantiles, basis }) {
    return codeAt(middle, quantiles, (index) => this.at(index), basis);
  }

  /**
   * @param {Network} network
   * @param {Float32Array} code
   */
  decode(network, code, told = true) {
    return network.run(code, ...(told && this.label !== null ? [this.label] : [])).mean;
  }

  /** @param {Percents} percents */
  move(percents) {
    this.moving = true;
    this.percents = Object.fromEntries(
      Object.entries(percents).filter(([index, percent]) => percent !== this.home(index)),
    );
    this.show();
    if (this.network === null) this.ask(); // the server decodes, at its pace
  }

  // One question at a time: what moves meanwhile is asked for once the answer is here.
  ask() {
    if (performance.now() < this.patience) this.more = true;
    else this.question ??= setTimeout(() => this.report(), PAUSE);
  }

  // The server has answered the last question.
  hear() {
    this.patience = 0;
    if (this.more && this.moving) this.ask();
    this.more = false;
  }

  halt() {
    cancelAnimationFrame(this.motion);
    this.motion = 0;
  }

  // Nothing moves any more, and nothing is on its way to Python.
  rest() {
    this.halt();
    this.retract();
    this.moving = this.keyed = false;
    this.manifold.drop();
  }

  retract() {
    clearTimeout(this.question);
    this.question = undefined;
  }

  // The end of a gesture, of which Python is told.
  finish(percents = this.percents) {
    this.halt();
    this.move(percents);
    this.rest();
    this.show();
    this.report();
  }

  report() {
    this.retract();
    const label = this.label === null ? null : this.data.classes[this.label];
    this.patience = performance.now() + PATIENCE;
    this.tell("stand", {
      percents: this.percents,
      label,
      moving: this.moving,
      draw: this.drawn ?? null,
      blind: this.isBlind(),
    });
    this.drawn = undefined;
  }

  // Another code: drawn here, or known to the server by its number.
  another() {
    if (!this.data.home) return this.finish(this.draw());
    this.drawn = Math.floor(DRAWS * Math.random());
    this.finish({});
  }

  /** @returns {Percents} */
  draw() {
    const even = () => Math.round(LOW + Math.random() * (HIGH - LOW));
    return Object.fromEntries(Object.keys(this.data.home ?? this.data.quantiles).map((index) => [index, even()]));
  }

  /**
   * @param {KeyboardEvent} event
   * @param {number} index
   */
  nudge(event, index) {
    const step = NUDGES[event.key];
    if (!step) return;
    this.press(event, { ...this.percents, [index]: inRange(Math.round(this.at(index)) + step) });
  }

  /**
   * The move of a key: it ends when the key is up, or the focus goes elsewhere.
   *
   * @param {KeyboardEvent} event
   * @param {Percents} percents
   */
  press(event, percents) {
    event.preventDefault();
    this.halt();
    this.keyed = true;
    this.move(percents);
  }

  // From draw to draw, slow at both ends.
  animate() {
    let from = this.percents;
    let to = this.draw();
    let begun = performance.now();
    /** @param {number} now */
    const frame = (now) => {
      if (now - begun > LEG) [from, to, begun] = [to, this.draw(), now];
      const share = (1 - Math.cos((Math.PI * Math.max(0, now - begun)) / LEG)) / 2;
      const between = Object.keys(to).map((index) => {
        const [start, end] = [from[index] ?? this.home(index), to[index]];
        return [index, Math.round(10 * (start + share * (end - start))) / 10];
      });
      this.motion = requestAnimationFrame(frame);
      this.move(Object.fromEntries(between));
    };
    this.motion = requestAnimationFrame(frame);
  }

  show() {
    this.showRows();
    all(this.root, ".classes button", HTMLButtonElement).forEach((button, label) => {
      button.setAttribute("aria-checked", `${label === this.label}`);
      button.tabIndex = label === this.label ? 0 : -1;
    });
    this.find(".animate").textContent = this.motion ? "Stop" : "Animate";
    this.find(".animate").setAttribute("aria-pressed", `${Boolean(this.motion)}`);
    if (this.data.said === undefined) this.showPictures(this.data);
    else this.say(this.data.said);
  }

  showRows() {
    for (const input of all(this.root, ".rows input", HTMLInputElement)) {
      const percent = this.at(input.dataset.index ?? "");
      const said = `${Math.round(percent)} %`;
      input.value = `${percent}`;
      input.setAttribute("aria-valuetext", said);
      input.style.setProperty("--at", `${((percent - LOW) / (HIGH - LOW)) * 100}%`);
      if (input.previousElementSibling) input.previousElementSibling.textContent = said;
    }
  }

  /** @param {SlidersData} data */
  showPictures(data) {
    const code = this.code(data);
    const numbers = Array.from(code.slice(0, SHOWN_NUMBERS), (value) => value.toFixed(2)).join(", ");
    this.find(".decoded figcaption").textContent =
      `${data.variable ?? "z"} = (${numbers}${code.length > SHOWN_NUMBERS ? ", ..." : ""})`;
    this.manifold.mark();
    for (const { model, canvas, network } of this.beside) {
      paint(canvas, this.decode(network, this.code(model), model.told), data.shape);
    }
    if (this.network) paint(this.picture, this.decode(this.network, code), data.shape);
    else if (this.network === null && data.picture) paint(this.picture, data.picture, data.shape);
  }

  /**
   * A text in place of a picture, as the server wrote it; the characters that were others before are marked.
   *
   * @param {string} said
   */
  say(said) {
    if (this.said === said) return;
    const place = this.find(".said");
    const characters = () => all(place, ".vc-own [data-character]", HTMLElement);
    const before = characters().map((each) => each.dataset.character);
    place.innerHTML = this.said = said;
    characters().forEach((each, i) =>
      each.classList.toggle("vc-new", before.length > 0 && each.dataset.character !== before[i]),
    );
  }

  /** @override */
  leave() {
    this.rest();
  }
}

export const mountSliders = mounting(".sliders", Sliders);
