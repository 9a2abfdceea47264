// Maps of the same images side by side: what is under the pointer on one is found on all, and a place of the first map
// is decoded as the pointer passes it. Nothing of this asks the server.
import { colorOf } from "../colors.js";
import { Component, mounting } from "../component.js";
import { all, placeOn } from "../dom.js";
import { fetchFloats, fetchNetwork, fetchPicture } from "../fetching.js";
import { ARROWS } from "../keys.js";
import { clamp, perAxis } from "../numbers.js";
import { paint, penOf } from "../picture.js";
import { Card } from "./card.js";
import { Chart, ring } from "./chart.js";
import { Cursor } from "./cursor.js";
import { Dots } from "./dots.js";
import { Gallery } from "./gallery.js";
import { encloses, outline } from "./lasso.js";

/** @import { Described, Network, Shape } from "../network.js" */
/** @import { Color } from "../colors.js" */
/** @import { Point } from "../numbers.js" */
/** @import { Legend } from "../plane.js" */
/** @import { CursorData } from "./cursor.js" */

/**
 * What Python sends.
 *
 * @typedef {object} MapsData
 * @property {string} points - Where the places of all points are, map by map, and behind them the scales if any.
 * @property {string} images - Where the number of each point's image is, and behind them the classes if any.
 * @property {boolean} labelled - Whether there are classes.
 * @property {boolean} scaled - Whether there are scales of posteriors.
 * @property {number} count - Of the points.
 * @property {string[]} titles - Of the maps.
 * @property {[name: string, value: string][][]} facts - What is said under each.
 * @property {([across: string, up: string] | null)[]} axes - Of each, where their numbers mean much.
 * @property {string[]} names - Of the classes.
 * @property {string[]} colors
 * @property {string[]} inks - What is read on the colours.
 * @property {number[]} focus - The classes that are brought out; none for all.
 * @property {Shape} shape - Of an image.
 * @property {AtlasData | null} atlas
 * @property {boolean} made - Whether a model made the images.
 * @property {boolean} prior - Whether the rings of N(0, I) are drawn on the first map.
 * @property {Described | null} network - The decoder.
 * @property {string | null} weights
 * @property {CursorData | null} cursor - Of the page's canvas.
 * @property {LassoData | null} [lasso] - What the address says was chosen.
 * @property {number} [turn] - Of the lassos.
 * @property {string[]} kinds - Of the maps: "codes", "pca" and others.
 * @property {number[]} middle - The code at (0, 0) of the first map.
 * @property {number[][]} basis - The codes of one step across and of one step up it; both empty of other maps.
 * @property {boolean} [conditional] - Whether the decoder is told a class.
 */
/** @typedef {{ address: string, columns: number }} AtlasData - One sheet with all images, row by row. */
/** @typedef {{ kind: string, corners: Point[] }} LassoData - On the map of a kind, in its own numbers. */
/** @typedef {"look" | "lasso" | "box" | "move"} Mode - What a drag does. */

const NEAR = 14; // pixels from the pointer to a point that it means
const CLOSER = 1.5; // at a button
const STROLL = 8; // pixels at an arrow key
const FEW = 150; // images in sight, that are shown as pictures
/** @type {[least: number, most: number]} */
const SIDES = [14, 34]; // pixels
const CORNERS = 40; // of a lasso, at most: it is in the address

/** @extends {Component<MapsData>} */
export class Maps extends Component {
  /** @param {HTMLElement} root */
  constructor(root) {
    super(root);
    /** @type {Chart[]} */
    this.planes = [];
    /** @type {Set<number> | null} The points inside the last lasso. */
    this.chosen = null;
    /** @type {Mode} */
    this.mode = "look";
    /** @type {{ pointer: number, plane: Chart, points: Point[] } | null} What is being drawn. */
    this.trace = null;
    /** @type {{ plane: Chart, place: Point, byKeys: boolean, point: number } | null} What is being looked at. */
    this.met = null;
    /** @type {Float32Array | null} */
    this.floats = null;
    /** @type {Float32Array | null} */
    this.images = null;
    /** @type {Float32Array | null} */
    this.labels = null;
    /** @type {Float32Array | null} */
    this.scales = null;
    /** @type {Network | null} */
    this.network = null;
    /** @type {HTMLImageElement | null} */
    this.atlas = null;
    this.cursor = new Cursor(this.find(".nearest"), this);
    this.card = new Card(this.find(".card"), this);
    this.gallery = new Gallery(this.find(".gallery"), this);
    this.dots = new Dots();
    for (const button of this.modes()) button.onclick = () => this.become(/** @type {Mode} */ (button.dataset.mode));
    this.find(".in").onclick = () => this.zoom(CLOSER);
    this.find(".out").onclick = () => this.zoom(1 / CLOSER);
    this.find(".home").onclick = () => this.fit();
    this.observer = new ResizeObserver(() =>
      this.draw(this.planes.filter((plane) => plane.over.clientWidth !== plane.side)),
    );
    this.observer.observe(root);
  }

  modes() {
    return all(this.root, "[data-mode]", HTMLButtonElement);
  }

  /**
   * Another model, other axes or classes: the points are there before any is shown, pictures and decoder follow.
   *
   * @override
   * @param {MapsData} data
   */
  async update(data) {
    const { shown: before, floats, images, network, atlas } = this;
    const known = before?.weights === data.weights ? network : null;
    const seen = before?.atlas?.address === data.atlas?.address ? atlas : null;
    delete this.root.dataset.ready;
    const points = await Promise.all([
      floats && before?.points === data.points ? floats : fetchFloats(data.points),
      images && before?.images === data.images ? images : fetchFloats(data.images),
    ]);
    if (this.isReplaced(data)) return;
    this.shown = data;
    [this.floats, this.images] = points;
    [this.network, this.atlas] = [known, seen];
    if (this.floats && this.images) this.lay(this.floats, this.images, before?.images === data.images);
    else this.find(".planes").textContent = "The points did not arrive: load the page again.";
    this.root.dataset.drawn = "true";
    const came = await Promise.all([
      known ?? fetchNetwork(data.network, data.weights),
      seen ?? fetchPicture(data.atlas?.address),
    ]);
    if (this.isReplaced(data)) return;
    [this.network, this.atlas] = came;
    this.draw();
    this.gallery.show();
    this.cursor.update();
    this.root.dataset.ready = "true";
  }

  /**
   * Lay out the points. Maps and a selection stay where they are of the same points.
   *
   * @param {Float32Array} floats
   * @param {Float32Array} images
   * @param {boolean} sameImages
   */
  lay(floats, images, sameImages) {
    const { count, titles, axes, facts, labelled, scaled, names } = this.data;
    const labels = (this.labels = labelled ? images.subarray(count) : null);
    this.scales = scaled ? floats.subarray(2 * titles.length * count) : null;
    this.planes = titles.map((title, i) => {
      const plane = this.chart(floats.subarray(2 * i * count, 2 * (i + 1) * count), title, this.planes[i]);
      plane.axes = axes[i];
      plane.middles = labels ? plane.medians(labels, names.length) : [];
      plane.tell(facts[i]);
      return plane;
    });
    this.find(".planes").replaceChildren(...this.planes.map((plane) => plane.figure));
    this.desert();
    this.choose(sameImages && this.chosen ? [...this.chosen] : this.inside(this.data.lasso ?? null));
    this.cursor.update();
  }

  /**
   * A map of points: the one that there was, if it was of the same.
   *
   * @param {Float32Array} points
   * @param {string} title
   * @param {Chart | undefined} old
   */
  chart(points, title, old) {
    const same = old?.title === title && old.points.length === points.length;
    if (same && old.points.every((value, j) => value === points[j])) return old;
    return this.attend(new Chart(points, title));
  }

  /** @param {Chart} plane */
  attend(plane) {
    const { over } = plane;
    over.onpointerdown = (event) => this.press(event, plane);
    over.onpointermove = (event) => this.pass(event, plane);
    over.onpointerup = (event) => this.release(event);
    over.onpointercancel = (event) => (!this.trace || this.trace.pointer === event.pointerId) && this.desert();
    over.onpointerleave = (event) => event.pointerType === "mouse" && this.desert(); // a finger's card stays to be read
    over.onblur = () => this.desert();
    over.onwheel = (event) => this.wheel(event, plane);
    over.onkeydown = (event) => this.walk(event, plane);
    return plane;
  }

  /** @param {Mode} mode */
  become(mode) {
    this.mode = mode;
    for (const button of this.modes()) button.setAttribute("aria-pressed", `${button.dataset.mode === mode}`);
    this.root.dataset.mode = mode;
    this.desert();
  }

  /**
   * One pointer draws: another one on a map meanwhile does not.
   *
   * @param {PointerEvent} event
   * @param {Chart} plane
   */
  press(event, plane) {
    if (event.button !== 0 || this.trace) return;
    plane.over.setPointerCapture(event.pointerId);
    this.trace = { pointer: event.pointerId, plane, points: [placeOn(event, plane.over)] };
    this.pass(event, plane);
  }

  /**
   * @param {PointerEvent} event
   * @param {Chart} plane
   */
  pass(event, plane) {
    if (this.trace && this.trace.pointer !== event.pointerId) return;
    const at = placeOn(event, plane.over);
    if (!this.trace || this.mode === "look") return this.look(plane, plane.toPlane(...at));
    const last = this.trace.points[this.trace.points.length - 1];
    this.trace.points.push(at);
    if (this.mode === "move") {
      const [right, down] = perAxis((axis) => (at[axis] - last[axis]) / plane.scale);
      plane.show([plane.center[0] - right, plane.center[1] + down], plane.span);
      this.draw([plane]);
    } else this.overlay();
  }

  /** @param {PointerEvent} event */
  release(event) {
    if (this.trace?.pointer !== event.pointerId) return;
    const { plane, points } = this.trace;
    this.trace = null;
    if (this.mode !== "lasso" && this.mode !== "box") return;
    const drawn = outline(this.mode, points);
    const step = Math.ceil(drawn.length / CORNERS);
    const kept = drawn.filter((_, i) => i % step === 0).map(([x, y]) => plane.toPlane(x, y));
    const corners = kept.map((corner) => perAxis((axis) => Number(corner[axis].toPrecision(4)))); // as the address has it
    this.keep({ kind: this.data.kinds[this.planes.indexOf(plane)], corners });
  }

  /**
   * Choose what a lasso encloses, and have the address say so.
   *
   * @param {LassoData} lasso
   */
  keep(lasso) {
    this.choose(this.inside(lasso));
    this.tell("lasso", this.chosen ? lasso : { kind: "", corners: [] });
  }

  /**
   * The points inside a lasso; none of one on a map that is not shown.
   *
   * @param {LassoData | null} lasso
   */
  inside(lasso) {
    const plane = lasso && this.planes[this.data.kinds.indexOf(lasso.kind)];
    if (!plane || lasso.corners.length < 3) return [];
    const numbers = Array.from({ length: plane.count }, (_, i) => i);
    return numbers.filter((i) => encloses(lasso.corners, plane.points[2 * i], plane.points[2 * i + 1]));
  }

  // Nothing is looked at any more.
  desert() {
    this.trace = null;
    this.met = null;
    this.card.show();
    this.overlay();
  }

  fit() {
    for (const plane of this.planes) plane.fit();
    this.draw();
  }

  /**
   * @param {WheelEvent} event
   * @param {Chart} plane
   */
  wheel(event, plane) {
    event.preventDefault();
    plane.zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2, ...placeOn(event, plane.over));
    this.draw([plane]);
  }

  /** @param {number} factor */
  zoom(factor) {
    for (const plane of this.planes) plane.zoom(factor);
    this.draw();
  }

  /**
   * By keyboard the pointer is a mark that starts in the middle; Enter takes the image that is nearest, however far it
   * is, or lets it go.
   *
   * @param {KeyboardEvent} event
   * @param {Chart} plane
   */
  walk(event, plane) {
    const met = this.met?.plane === plane ? this.met : null;
    if (event.key === "Escape") return this.desert();
    if (event.key === "Enter" && met) {
      const chosen = new Set(this.chosen);
      const point = plane.nearest(...met.place);
      if (!chosen.delete(point)) chosen.add(point);
      return this.choose([...chosen]);
    }
    if (!(event.key in ARROWS)) return;
    event.preventDefault();
    const [right, up] = ARROWS[event.key];
    const from = met && plane.toScreen(...met.place);
    const at = from ? [from[0] + STROLL * right, from[1] - STROLL * up] : [plane.side / 2, plane.side / 2];
    this.look(plane, plane.toPlane(clamp(at[0], 0, plane.side), clamp(at[1], 0, plane.side)), true);
  }

  /**
   * What is at a place: the nearest image on every map, and on the first one what the place itself decodes to.
   *
   * @param {Chart} plane
   * @param {Point} place
   */
  look(plane, place, byKeys = false) {
    this.met = { plane, place, byKeys, point: plane.nearest(...place, NEAR / plane.scale) };
    this.overlay();
    this.card.show();
  }

  // Whether what is looked at is a place that decodes.
  decodes() {
    return this.met !== null && this.met.plane === this.planes[0] && this.network !== null;
  }

  /** @param {number} point */
  caption(point) {
    const name = this.labels ? this.data.names[this.labels[point]] : "";
    const decoded = this.data.made || (!this.atlas && this.isPictured());
    return [name, `image ${this.images?.[point]}`, decoded ? "as decoded" : ""].filter(Boolean).join(" · ");
  }

  /**
   * The class of a point, where the decoder is told one.
   *
   * @param {() => number} point
   */
  told(point) {
    return this.data.conditional && this.labels ? [this.labels[point()]] : [];
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Float32Array} code
   * @param {number[]} label
   */
  run(canvas, code, label) {
    if (this.network) paint(canvas, this.network.run(code, ...label).mean, this.data.shape);
  }

  // Whether there is a picture of every point: on the sheet, or decoded from its code.
  isPictured() {
    return this.atlas !== null || Boolean(this.network && this.cursor.codes);
  }

  /**
   * The picture of a point.
   *
   * @param {HTMLCanvasElement} canvas
   * @param {number} point
   */
  copy(canvas, point) {
    const { atlas: sheet, shape, middle } = this.data;
    if (this.atlas && sheet) {
      const [, height, width] = shape;
      if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
      const [column, row] = [point % sheet.columns, Math.floor(point / sheet.columns)];
      penOf(canvas).drawImage(this.atlas, column * width, row * height, width, height, 0, 0, width, height);
    } else if (this.cursor.codes) {
      const n = middle.length;
      const code = this.cursor.codes.subarray(n * point, n * (point + 1));
      this.run(canvas, code, this.told(() => point)); // prettier-ignore
    }
  }

  /** @param {number[]} points */
  choose(points) {
    this.chosen = points.length ? new Set(points) : null;
    this.draw();
    this.gallery.show();
  }

  /**
   * Whether a point is brought out: by a selection, or else by its class.
   *
   * @param {number} i
   */
  stands(i) {
    if (this.chosen) return this.chosen.has(i);
    return !this.data.focus.length || this.data.focus.includes(this.labels?.[i] ?? -1);
  }

  draw(planes = this.planes) {
    if (!planes.length) return;
    const { color } = getComputedStyle(this.root);
    const { data, labels } = this;
    const colors = data.colors.map(colorOf);
    for (const plane of planes) {
      const pen = plane.pen(plane.base);
      if (!plane.side) continue;
      if (plane.axes) plane.grid(pen, plane.axes, color, data.prior);
      plane.scatter(
        pen,
        this.dots,
        (i) => colors[(labels?.[i] ?? 0) % colors.length],
        (i) => this.stands(i),
      );
      if (this.atlas) this.portray(pen, plane, colors);
      if (labels) plane.names(pen, plane.middles, data, (label) => !data.focus.length || data.focus.includes(label));
    }
    this.overlay();
    this.card.show();
  }

  /**
   * So near that few images are in sight, each is its picture, framed in the colour of its class.
   *
   * @param {CanvasRenderingContext2D} pen
   * @param {Chart} plane
   * @param {Color[]} colors
   */
  portray(pen, plane, colors) {
    const { atlas, labels } = this;
    const seen = plane.inSight(FEW);
    const sheet = this.data.atlas;
    if (!atlas || !sheet || !seen.length) return;
    const [, height, width] = this.data.shape;
    const side = clamp(plane.side / 2 / Math.sqrt(seen.length), ...SIDES);
    pen.save();
    pen.imageSmoothingEnabled = false;
    pen.lineWidth = 1.5;
    for (const i of seen) {
      if (!this.stands(i)) continue;
      const [x, y] = plane.place(i);
      const [left, top] = [x - side / 2, y - side / 2];
      const [column, row] = [i % sheet.columns, Math.floor(i / sheet.columns)];
      pen.drawImage(atlas, column * width, row * height, width, height, left, top, side, side);
      pen.strokeStyle = `rgb(${colors[(labels?.[i] ?? 0) % colors.length].join(",")})`;
      pen.strokeRect(left, top, side, side);
    }
    pen.restore();
  }

  // What follows the pointer, over the points: the same image on every map, the place that is decoded, the lasso.
  overlay() {
    if (!this.planes.length) return;
    const style = getComputedStyle(this.root);
    const [color, own] = [style.color, style.getPropertyValue("--vc-z")];
    const { met, scales } = this;
    for (const plane of this.planes) {
      if (!plane.side) continue;
      const pen = plane.pen(plane.over);
      pen.lineWidth = 2;
      this.cursor.mark(pen, plane, own, color);
      if (met && met.point >= 0) ring(pen, ...plane.place(met.point), 8, color);
      if (met && met.point >= 0 && scales && plane === this.planes[0]) plane.posterior(pen, met.point, scales, color);
      if (met?.plane === plane && (met.byKeys || this.decodes())) ring(pen, ...plane.toScreen(...met.place), 5, own);
      if (this.trace?.plane === plane) this.outlined(pen, this.trace.points, own);
    }
  }

  /**
   * The lasso or the box that is being drawn.
   *
   * @param {CanvasRenderingContext2D} pen
   * @param {Point[]} points
   * @param {string} color
   */
  outlined(pen, points, color) {
    if (this.mode !== "lasso" && this.mode !== "box") return;
    pen.strokeStyle = color;
    pen.setLineDash([5, 4]);
    pen.beginPath();
    for (const [x, y] of outline(this.mode, points)) pen.lineTo(x, y);
    pen.closePath();
    pen.stroke();
    pen.setLineDash([]);
  }

  /** @override */
  leave() {
    this.observer.disconnect();
    this.cursor.leave();
  }
}

export const mountMaps = mounting(".maps", Maps);
