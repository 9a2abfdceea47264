// A Gaussian over the plane of a 2-D code, beside the density that it stands in for. It is dragged by its middle, or by
// its ends for the scales; its elbo is reckoned here at every move, from log p(x, z) on lattices of codes.
import { Component, mounting } from "../component.js";
import { cloud, contour } from "../density.js";
import { all, make, placeOn } from "../dom.js";
import { fetchFloats, fetchNetwork } from "../fetching.js";
import { ARROWS } from "../keys.js";
import { perAxis } from "../numbers.js";
import { paint } from "../picture.js";
import { elbo, weigh } from "./elbo.js";
import { finest, Lattice } from "./lattice.js";
import { Scene } from "./scene.js";

/** @import { Described, Network, Shape } from "../network.js" */
/** @import { Point } from "../numbers.js" */
/** @import { Grid } from "../density.js" */
/** @import { Ellipse } from "./elbo.js" */

/**
 * What Python sends.
 *
 * @typedef {object} EllipseData
 * @property {string} density - Where its values are.
 * @property {Grid} grid - Of them.
 * @property {number[]} levels - Where a line is drawn.
 * @property {[x: number, y: number, half: number]} window - What is shown: its middle, half of its side.
 * @property {OutlineData[]} outlines
 * @property {SamplesData[]} samples
 * @property {HandData} hand
 * @property {string} z - The colour of the density.
 * @property {Point[]} units - Draws of N(0, I).
 * @property {EvidenceData} evidence - log p(x).
 * @property {JointData[]} joints - log p(x, z): the first that reaches far enough counts.
 * @property {number} turn
 * @property {Shape} shape
 * @property {number | null} label
 * @property {Described | null} network - The decoder.
 * @property {string | null} weights
 */
/** @typedef {{ name: string, mean: Point, scale: Point, color: string, dashed: boolean }} OutlineData - A Gaussian. */
/** @typedef {{ codes: Point[], weights: number[] | null, color: string }} SamplesData - That do not move. */
/** @typedef {{ name: string, color: string, at: Ellipse, moved: boolean }} HandData - What is moved; by hand already? */
/** @typedef {{ name: string, value: number }} EvidenceData */
/** @typedef {{ values: string, origin: Point, step: number, side: number }} JointData - A lattice; values: where. */
/** @typedef {{ pointer: number, what: number, from: Ellipse, at: Point, offset: Point }} Held - What a pointer has. */

const GRASP = 18; // pixels from the pointer to what it takes hold of
const APART = 26; // pixels at least from the middle to an end
const PAUSE = 250; // ms after the last key: then its gesture has ended

/** @extends {Component<EllipseData>} */
class Field extends Component {
  /** @param {HTMLElement} root */
  constructor(root) {
    super(root);
    this.scene = new Scene();
    const [base, over, picture] = all(root, "canvas", HTMLCanvasElement);
    this.base = base;
    this.over = over;
    this.picture = picture;
    /** @type {Ellipse} */
    this.q = [0, 0, 0, 0];
    this.moved = false;
    /** @type {Held | null} */
    this.held = null;
    /** @type {number | undefined} The timer of a gesture by keys. */
    this.keyed = undefined;
    /** @type {Float32Array | null} */
    this.density = null;
    /** @type {Network | null} */
    this.network = null;
    this.joint = finest([]);
    this.over.onpointerdown = (event) => this.grasp(event);
    this.over.onpointermove = (event) => this.follow(event);
    this.over.onpointerup = this.over.onpointercancel = (event) => this.letGo(event);
    this.over.onkeydown = (event) => this.walk(event);
    this.over.onblur = () => this.keyed && this.finish();
    this.observer = new ResizeObserver(() => this.shown && this.draw());
    this.observer.observe(root);
  }

  /**
   * @override
   * @param {EllipseData} data
   */
  async update(data) {
    const known = this.shown?.weights === data.weights ? this.network : null;
    delete this.root.dataset.ready;
    const [density, network, ...joints] = await Promise.all([
      fetchFloats(data.density),
      known ?? fetchNetwork(data.network, data.weights),
      ...data.joints.map((each) => fetchFloats(each.values)),
    ]);
    if (this.isReplaced(data)) return;
    const [across, up, half] = data.window;
    this.scene.show([across, up], 2 * half);
    [this.shown, this.density, this.network] = [data, density, network];
    this.joint = finest(data.joints.map((each, i) => new Lattice(each, joints[i] ?? new Float32Array())));
    if (this.held || this.keyed || this.isOutdated(data)) return; // it has been moved on since
    this.q = [...data.hand.at];
    this.moved = data.hand.moved;
    this.draw();
    this.root.dataset.ready = "true";
  }

  /**
   * Where the ellipse is taken hold of: its middle, and an end of each axis.
   *
   * @returns {Point[]}
   */
  handles() {
    const [x, y, logWide, logHigh] = this.q;
    const [left, top] = this.scene.toScreen(x, y);
    const [wide, high] = [logWide, logHigh].map((log) => Math.max(APART, Math.exp(log) * this.scene.scale));
    return [
      [left, top],
      [left + wide, top],
      [left, top - high],
    ];
  }

  /** @param {PointerEvent} event */
  grasp(event) {
    if (event.button !== 0 || this.held || !this.shown) return;
    const pointer = placeOn(event, this.over);
    const handles = this.handles();
    const far = handles.map(([x, y]) => Math.hypot(x - pointer[0], y - pointer[1]));
    const nearest = far.indexOf(Math.min(...far));
    const what = far[nearest] <= GRASP ? nearest : 0; // elsewhere the middle comes to the pointer
    const held = what === 0 && far[0] <= GRASP;
    const offset = perAxis((axis) => (held ? handles[0][axis] - pointer[axis] : 0));
    this.held = {
      pointer: event.pointerId,
      what,
      from: [...this.q],
      at: handles[what],
      offset,
    };
    this.over.setPointerCapture(event.pointerId);
    this.follow(event);
  }

  /** @param {PointerEvent} event */
  follow(event) {
    if (this.held?.pointer !== event.pointerId) return;
    const { what, from, at, offset } = this.held;
    const here = placeOn(event, this.over);
    /** @type {Ellipse} */
    const q = [...this.q];
    if (what === 0) [q[0], q[1]] = this.scene.toPlane(here[0] + offset[0], here[1] + offset[1]);
    else {
      const [left, top] = this.scene.toScreen(from[0], from[1]);
      const [now, then] = [here, at].map((place) => (what === 1 ? place[0] - left : top - place[1]));
      q[1 + what] = from[1 + what] + Math.log(Math.max(now, 1) / then);
    }
    this.move(q);
  }

  /** @param {PointerEvent} event */
  letGo(event) {
    if (this.held?.pointer !== event.pointerId) return;
    this.held = null;
    this.finish();
  }

  /** @param {KeyboardEvent} event */
  walk(event) {
    const step = ARROWS[event.key];
    if (!step || !this.shown) return;
    event.preventDefault();
    const by = event.shiftKey ? 0.05 : this.data.window[2] / 60;
    const first = event.shiftKey ? 2 : 0;
    /** @type {Ellipse} */
    const q = [...this.q];
    q[first] += by * step[0];
    q[first + 1] += by * step[1];
    this.move(q);
    clearTimeout(this.keyed);
    this.keyed = setTimeout(() => this.finish(), PAUSE);
  }

  /** @param {Ellipse} q */
  move(q) {
    [this.q, this.moved] = [q, true];
    this.overlay();
  }

  finish() {
    this.forget();
    this.tell("left", { at: this.q });
  }

  forget() {
    clearTimeout(this.keyed);
    this.keyed = undefined;
  }

  draw() {
    const { scene, density, data } = this;
    const pen = scene.pen(this.base);
    if (!scene.side) return;
    scene.axes(pen, data.window[2], getComputedStyle(this.root).color);
    if (density) {
      cloud(pen, scene, density, data.grid, data.z);
      pen.strokeStyle = data.z;
      pen.lineWidth = 1.2;
      for (const level of data.levels) contour(pen, scene, density, data.grid, level);
    }
    for (const { codes, weights, color } of data.samples) scene.dots(pen, codes, weights, color);
    for (const { mean, scale, color, dashed } of data.outlines)
      scene.rings(pen, mean, scale, color, dashed ? [6, 4] : []);
    this.explain();
    this.overlay();
  }

  // What moves: the ellipse, its samples, the picture at its mean, and the numbers.
  overlay() {
    const { scene, data, q, network } = this;
    if (!scene.side) return;
    const pen = scene.pen(this.over);
    const { color } = data.hand;
    if (this.moved) {
      const { codes, weights } = weigh(q, data.units, this.joint);
      scene.dots(pen, codes, weights, color);
      scene.rings(pen, q, q.slice(2).map(Math.exp), color);
      this.count(weights);
    } else this.find(".numbers").textContent = "Drag the dot: it is the mean of q; its two arms are q\u2019s scales.";
    scene.arms(pen, this.handles(), color);
    this.find("figure").hidden = !network;
    const label = data.label === null ? [] : [data.label];
    if (network) paint(this.picture, network.run(Float32Array.of(q[0], q[1]), ...label).mean, data.shape);
  }

  /** @param {number[]} weights */
  count(weights) {
    const bound = elbo(this.q, this.joint);
    const { name, value } = this.data.evidence;
    const effective = 1 / weights.reduce((sum, each) => sum + each * each, 0);
    const far = "too far out to be reckoned here: let go";
    const parts = [
      [name, said(value)],
      ["elbo", Number.isNaN(bound) ? far : said(bound)],
      ["gap", Number.isNaN(bound) ? "" : said(value - bound)],
      [`of ${weights.length} samples count`, Number.isNaN(effective) ? "" : effective.toFixed(1)],
    ];
    const words = parts
      .filter(([, number]) => number)
      .map(([what, number]) => {
        const part = make("span");
        part.append(make("b", { textContent: number }), ` ${what}`);
        return part;
      });
    this.find(".numbers").replaceChildren(...words);
  }

  explain() {
    const { outlines, hand, z } = this.data;
    const named = [{ name: "p(z|x)", color: z }, ...outlines, ...(hand.moved ? [hand] : [])];
    const entries = named.map(({ name, color }) => {
      const entry = make("li", { textContent: name });
      entry.style.setProperty("--color", color);
      return entry;
    });
    this.find(".legend").replaceChildren(...entries);
  }

  /** @override */
  leave() {
    this.forget();
    this.observer.disconnect();
  }
}

/** @param {number} value */
const said = (value) => value.toFixed(2).replace("-", "\u2212");

export const mountEllipse = mounting(".ellipse", Field);
