// Paths between two codes: on the plane of the real codes, step by step, and as films. An end is dragged on the plane;
// where the plane is the whole code the straight and the spherical path follow here, at every move. Python hears of a
// gesture once it has ended.
import { Component, mounting } from "../component.js";
import { all, one, placeOn } from "../dom.js";
import { fetchFloats, fetchNetwork, fetchPicture } from "../fetching.js";
import { ARROWS } from "../keys.js";
import { perAxis } from "../numbers.js";
import { trace } from "../picture.js";
import { BENT, company } from "./bends.js";
import { Films } from "./films.js";
import { Ground } from "./ground.js";

/** @import { Described, Network, Shape } from "../network.js" */
/** @import { Point } from "../numbers.js" */
/** @import { Company } from "./bends.js" */

/**
 * What Python sends.
 *
 * @typedef {object} PathsData
 * @property {number} steps
 * @property {number} fine - Places of a line from one step to the next.
 * @property {number} step - That is looked at, from 0.
 * @property {number} turn
 * @property {Shape} shape - Of a picture.
 * @property {string[]} shares - Of the way, at each step, in words.
 * @property {WayData[]} ways - The paths, the one that is looked at first.
 * @property {EndData[]} ends - A and B.
 * @property {number | null} label - That every step is told.
 * @property {boolean} follows - Whether that is A's own, wherever A is.
 * @property {GroundData | null} ground
 * @property {Described | null} network - The decoder, where films follow an end here.
 * @property {string | null} weights
 */
/**
 * A path.
 *
 * @typedef {object} WayData
 * @property {"linear" | "spherical" | "data"} kind
 * @property {string} title
 * @property {string} note
 * @property {string} trouble - Why there is none.
 * @property {string | null} film - The address of its pictures.
 * @property {Point[]} [line] - Its places on the plane, and what is around them.
 * @property {number[]} [nearest]
 * @property {number[]} [distances]
 * @property {number[]} [neighbours]
 * @property {number[]} [density]
 */
/** @typedef {{ title: string, place: Point, point: number }} EndData - An end: in words, its place, the nearest point. */
/**
 * The real codes under the paths.
 *
 * @typedef {object} GroundData
 * @property {string} points - Where their places are.
 * @property {boolean} free - Whether the plane is the whole code, and an end may be anywhere.
 * @property {[across: string, up: string]} axes
 * @property {number} radius - Within which codes are neighbours.
 * @property {number} usual - The sum of the kernel that is usual.
 * @property {number[]} index - The rows of their images.
 * @property {number[] | null} labels
 * @property {string[]} names
 * @property {string[]} colors
 * @property {string[]} inks
 * @property {string | null} atlas - Where the sheet of their images is.
 * @property {number} columns - Of the sheet.
 * @property {boolean} made - Whether a model made the images.
 */
/**
 * A path as it is shown.
 *
 * @typedef {object} Way
 * @property {WayData["kind"]} kind
 * @property {string} title
 * @property {string} note
 * @property {string} trouble
 * @property {HTMLImageElement | null} picture - Its film as it came.
 * @property {Point[] | null} line
 * @property {Company | null} company
 * @property {Point[] | null} codes - Of its steps, where they are decoded here.
 * @property {boolean} stale - Whether it waits for Python.
 * @property {HTMLCanvasElement | null} canvas - Its film.
 */
/** @typedef {{ end: number, pointer: number | null, moved: boolean }} Dragging - By keys there is no pointer. */

const FRAME = 170; // ms that a step is played
const FINE_STEP = 1 / 80; // of the plane's side, for an arrow key; with Shift ten times that
const BUDGET = 8; // ms after which the films that are not looked at wait for the next frame
const DIGITS = 4; // of a place, as the address has it
const DASHES = { linear: [], spherical: [9, 6], data: [1, 6] };

/** @extends {Component<PathsData>} */
class Studio extends Component {
  /** @param {HTMLElement} root */
  constructor(root) {
    super(root);
    const [base, over] = all(root, ".plane canvas", HTMLCanvasElement);
    this.base = base;
    this.over = over;
    this.films = new Films(this.find(".grid"), (step) => {
      this.go(step);
      this.finish();
    });
    /** @type {Record<string, string>} The ends that were moved, as words, until Python knows of it. */
    this.left = {};
    /** @type {PathsData | null} What floats, atlas and network belong to. */
    this.loaded = null;
    /** @type {Ground | null} */
    this.plane = null;
    /** @type {Float32Array | null} */
    this.floats = null;
    /** @type {HTMLImageElement | null} */
    this.atlas = null;
    /** @type {Network | null} */
    this.network = null;
    /** @type {(HTMLImageElement | null)[]} The films as they came. */
    this.pictures = [];
    /** @type {EndData[]} */
    this.ends = [];
    /** @type {Way[]} */
    this.ways = [];
    /** @type {number | null} */
    this.label = null;
    this.step = 0;
    /** @type {Dragging | null} */
    this.dragging = null;
    this.held = false; // the range is being moved
    this.keyed = false; // by a key, until it is up, or the focus goes elsewhere
    /** @type {number | undefined} The timer of the player. */
    this.playing = undefined;
    this.frame = 0; // that is waited for
    this.later = 0;
    this.handles = all(root, ".handle", HTMLElement);
    this.handles.forEach((handle, end) => this.attend(handle, end));
    this.over.onclick = (event) => this.bring(event);
    this.range = one(root, "input", HTMLInputElement);
    Object.assign(this.range, {
      oninput: () => (this.halt(), (this.held = true), this.go(Number(this.range.value))),
      onchange: () => this.keyed || this.finish(),
      onkeydown: () => (this.keyed = true),
      onkeyup: () => (this.held ? this.finish() : (this.keyed = false)),
      onblur: () => (this.held ? this.finish() : (this.keyed = false)),
    });
    this.find(".play").onclick = () => (this.playing ? this.finish() : this.play());
    this.observer = new ResizeObserver(() => this.shown && this.draw());
    this.observer.observe(root);
  }

  /**
   * @param {HTMLElement} handle
   * @param {number} end
   */
  attend(handle, end) {
    /** @param {PointerEvent} event */
    const own = (event) => this.dragging?.pointer === event.pointerId;
    handle.onpointerdown = (event) => this.grasp(event, end);
    handle.onpointermove = (event) => {
      if (this.dragging && this.plane && own(event))
        this.drag(this.plane, this.dragging, this.where(this.plane, event));
    };
    handle.onpointerup = (event) => own(event) && this.finish();
    handle.onpointercancel = (event) => own(event) && this.cancel();
    handle.onkeydown = (event) => this.nudge(event, end);
    handle.onkeyup = (event) => event.key in ARROWS && this.dragging?.pointer === null && this.finish();
    handle.onblur = () => this.dragging?.pointer === null && this.finish();
  }

  /**
   * What Python knows, unless a hand is on it, or Python does not know yet of what the hand did.
   *
   * @override
   * @param {PathsData} data
   */
  async update(data) {
    const { loaded: before } = this;
    /** @param {"points" | "atlas"} name */
    const same = (name) => before?.ground?.[name] === data.ground?.[name];
    const decodes = before?.weights === data.weights;
    const another = before && (!same("points") || !decodes);
    const waits = () => !another && (this.dragging || this.held || this.isOutdated(data));
    if (waits()) return;
    if (another) this.rest();
    delete this.root.dataset.ready;
    const [floats, atlas, network, ...pictures] = await Promise.all([
      this.floats && same("points") ? this.floats : fetchFloats(data.ground?.points),
      this.atlas && same("atlas") ? this.atlas : fetchPicture(data.ground?.atlas),
      this.network && decodes ? this.network : fetchNetwork(data.network, data.weights),
      ...data.ways.map((way) => fetchPicture(way.film)),
    ]);
    if (this.isReplaced(data) || waits()) return; // something else has happened meanwhile
    if (!floats || !data.ground) this.plane = null;
    else if (this.plane && floats === this.floats) this.plane.data = data.ground;
    else this.plane = new Ground(floats, data.ground);
    [this.loaded, this.floats, this.atlas, this.network] = [data, floats, atlas, network];
    this.take(data, pictures);
    this.root.dataset.ready = "true";
  }

  /**
   * @param {PathsData} data
   * @param {(HTMLImageElement | null)[]} pictures
   */
  take(data, pictures) {
    this.shown = data;
    this.pictures = pictures;
    this.left = {};
    this.label = data.label;
    this.ends = data.ends.map((end) => ({ ...end }));
    this.ways = data.ways.map((way, i) => shownWay(way, pictures[i]));
    this.step = this.playing ? Math.min(this.step, data.steps - 1) : data.step;
    this.range.max = `${data.steps - 1}`;
    this.plane?.fit([...this.ends.map((end) => end.place), ...this.ways.flatMap((way) => way.line ?? [])]);
    this.root.classList.toggle("bare", !this.plane);
    const { steps, shape, shares } = data;
    this.films.build({ ways: this.ways, steps, shape, shares, ground: this.plane, atlas: this.atlas });
    this.draw();
  }

  /**
   * The place of the plane under a pointer, or at the nearest of its edge.
   *
   * @param {Ground} plane
   * @param {MouseEvent} event
   */
  where(plane, event) {
    return plane.within(placeOn(event, this.over));
  }

  /**
   * One pointer drags: another one on a handle meanwhile does not.
   *
   * @param {PointerEvent} event
   * @param {number} end
   */
  grasp(event, end) {
    if (event.button !== 0 || this.dragging) return;
    this.handles[end].setPointerCapture(event.pointerId);
    this.dragging = { end, pointer: event.pointerId, moved: false };
  }

  /**
   * A click beside the handles brings the nearer one.
   *
   * @param {MouseEvent} event
   */
  bring(event) {
    if (!this.plane) return;
    const [x, y] = this.where(this.plane, event);
    const [a, b] = this.ends.map(({ place }) => Math.hypot(place[0] - x, place[1] - y));
    this.dragging = { end: a <= b ? 0 : 1, pointer: null, moved: false };
    this.drag(this.plane, this.dragging, [x, y]);
    this.finish();
  }

  /**
   * @param {KeyboardEvent} event
   * @param {number} end
   */
  nudge(event, end) {
    if (event.key === "Escape" && this.dragging) return this.cancel();
    const step = ARROWS[event.key];
    const { plane } = this;
    if (!step || !plane || (this.dragging && this.dragging.pointer !== null)) return; // a pointer has it
    event.preventDefault();
    this.dragging ??= { end, pointer: null, moved: false };
    const { place, point } = this.ends[end];
    if (plane.data.free) {
      const far = (event.shiftKey ? 10 : 1) * FINE_STEP * plane.span;
      const next = plane.toScreen(place[0] + far * step[0], place[1] + far * step[1]);
      return this.drag(plane, this.dragging, plane.within(next));
    }
    const next = plane.beside(point, step);
    if (next >= 0) this.drag(plane, this.dragging, plane.point(next));
  }

  /**
   * An end goes to a place: where the plane is not the whole code, it means the image that is nearest there.
   *
   * @param {Ground} plane
   * @param {Dragging} dragging
   * @param {Point} place
   */
  drag(plane, dragging, place) {
    const { free, index } = plane.data;
    const end = this.ends[dragging.end];
    this.halt();
    dragging.moved = true;
    end.point = plane.nearest(...place);
    end.place = free ? perAxis((axis) => Number(place[axis].toPrecision(DIGITS))) : place;
    end.title = free ? `z = (${end.place.map((value) => value.toFixed(2)).join(", ")})` : plane.image(end.point);
    this.left["ab"[dragging.end]] = free ? end.place.join(" ") : `${index[end.point]}`;
    for (const way of this.ways) way.stale = !(free && way.kind in BENT);
    this.stand(plane);
    this.frame ||= requestAnimationFrame(() => this.follow());
  }

  // The straight and the spherical path of codes that are seen whole, and what is around the one that is looked at.
  bend() {
    const { plane } = this;
    if (!plane) return;
    const { fine, steps, follows } = this.data;
    const [a, b] = this.ends.map((end) => end.place);
    if (follows && this.left.a) this.label = plane.data.labels?.[this.ends[0].point] ?? null;
    const last = fine * (steps - 1);
    for (const way of this.ways.filter((each) => !each.stale)) {
      const line = Array.from({ length: last + 1 }, (_, i) => BENT[way.kind](a, b, i / last));
      way.line = line;
      way.codes = line.filter((_, i) => i % fine === 0);
      if (way === this.ways[0]) way.company = company(line, fine, plane, plane.data);
    }
  }

  // Paths and films follow an end; where decoding takes long, the films that are not looked at come a frame later.
  follow() {
    const begun = performance.now();
    const [first, ...others] = this.ways;
    /** @param {Way[]} ways */
    const draw = (ways) => this.films.draw(this.network, this.label, ways);
    this.frame = 0;
    this.bend();
    draw([first]);
    this.go(this.step);
    if (performance.now() - begun < BUDGET) draw(others);
    else this.later = requestAnimationFrame(() => draw(others));
  }

  halt() {
    clearInterval(this.playing);
    this.playing = undefined;
    this.find(".play").textContent = "Play";
  }

  // Nothing is held any more; what was moved stays there until Python's answer.
  rest() {
    this.halt();
    for (const frame of [this.frame, this.later]) cancelAnimationFrame(frame);
    this.frame = this.later = 0;
    this.dragging = null;
    this.held = this.keyed = false;
  }

  // The end of a gesture, of which Python is told.
  finish() {
    const { dragging, frame, plane } = this;
    this.rest();
    if (dragging && !dragging.moved) return this.resume();
    if (dragging && plane && !plane.data.free) {
      const end = this.ends[dragging.end];
      end.place = plane.point(end.point);
    }
    if (frame) this.bend();
    this.draw();
    this.tell("stand", { ends: { ...this.left }, step: this.step });
  }

  cancel() {
    this.rest();
    this.take(this.data, this.pictures);
    this.resume();
  }

  // What was sent while a hand was here.
  resume() {
    if (this.asked && this.isReplaced(this.data)) this.receive(this.asked);
  }

  play() {
    let way = this.step === this.data.steps - 1 ? -1 : 1;
    this.playing = setInterval(() => {
      const last = this.data.steps - 1;
      if (this.step + way < 0 || this.step + way > last) way = -way;
      this.go(Math.min(last, this.step + way));
    }, FRAME);
    this.find(".play").textContent = "Pause";
  }

  /** @param {number} step */
  go(step) {
    this.step = step;
    this.show();
    if (this.plane) this.overlay(this.plane);
  }

  draw() {
    this.films.draw(this.network, this.label);
    if (this.plane) this.paint(this.plane);
    this.go(this.step);
  }

  // The step that is looked at: its picture, the nearest image, and what is said of them.
  show() {
    const { steps, shares } = this.data;
    const { step, plane } = this;
    const [way] = this.ways;
    const [made, real] = all(this.root, ".pictures figure", HTMLElement);
    const [madePicture, realPicture] = all(this.root, ".pictures canvas", HTMLCanvasElement);
    this.films.mark(step);
    this.films.showStep(madePicture, step);
    one(made, "figcaption", HTMLElement).textContent = `${way.title}: step ${step + 1} of ${steps}, ${shares[step]}`;
    const around = plane && !way.trouble ? way.company : null;
    const meant = this.dragging?.moved && plane && !plane.data.free ? this.dragging.end : null;
    real.hidden = !around || !this.atlas;
    if (around) this.films.showPoint(realPicture, meant === null ? around.nearest[step] : this.ends[meant].point);
    const nearest = plane && around ? plane.about(around, step) : "";
    const held = plane && around && meant !== null ? `${"AB"[meant]} at ${plane.image(this.ends[meant].point)}` : "";
    one(real, "figcaption", HTMLElement).textContent = held || nearest;
    this.range.value = `${step}`;
    this.range.style.setProperty("--at", `${(100 * step) / (steps - 1)}%`);
    this.range.setAttribute("aria-valuetext", `step ${step + 1} of ${steps}${nearest ? `, ${nearest}` : ""}`);
  }

  /** @param {Ground} plane */
  paint(plane) {
    const { labels, names } = plane.data;
    const pen = plane.pen(this.base);
    if (!plane.side) return;
    plane.dots(pen);
    plane.axes(pen, getComputedStyle(this.root).color);
    if (labels) plane.names(pen, plane.medians(labels, names.length), plane.data);
    this.stand(plane);
  }

  /**
   * The handles at their ends.
   *
   * @param {Ground} plane
   */
  stand(plane) {
    this.handles.forEach((handle, i) => {
      const { place, title } = this.ends[i];
      const [left, top] = plane.toScreen(...place);
      Object.assign(handle.style, { left: `${left}px`, top: `${top}px` });
      handle.setAttribute("aria-label", `${"AB"[i]}, ${title}: drag it, or use the arrow keys`);
    });
    this.find(".map figcaption").textContent = this.ends.map(({ title }, i) => `${"AB"[i]}: ${title}`).join(" · ");
  }

  /**
   * Over the points: the paths, the one that is looked at last; its step, with the radius in which neighbours count.
   *
   * @param {Ground} plane
   */
  overlay(plane) {
    const pen = plane.pen(this.over);
    const style = getComputedStyle(this.root);
    if (!plane.side) return;
    pen.lineCap = pen.lineJoin = "round";
    const [way] = this.ways;
    for (const each of [...this.ways].reverse()) {
      if (!each.line) continue;
      const line = each.line.map((place) => plane.toScreen(...place));
      const wide = each === way ? 3.5 : 2;
      pen.globalAlpha = each.stale ? 0.2 : 1;
      [pen.strokeStyle, pen.lineWidth] = [style.getPropertyValue("--st-background-color"), wide + 4];
      trace(pen, line, []);
      [pen.strokeStyle, pen.lineWidth] = [style.color, wide];
      trace(pen, line, DASHES[each.kind]);
    }
    if (way.stale || !way.line) return;
    const [x, y] = plane.toScreen(...way.line[this.step * this.data.fine]);
    pen.strokeStyle = pen.fillStyle = style.getPropertyValue("--vc-z");
    pen.lineWidth = 2;
    pen.beginPath();
    if (plane.data.free) pen.arc(x, y, plane.data.radius * plane.scale, 0, 7);
    pen.stroke();
    pen.beginPath();
    pen.arc(x, y, 5, 0, 7);
    pen.fill();
  }

  /** @override */
  leave() {
    this.rest();
    this.observer.disconnect();
    this.films.observer.disconnect();
  }
}

/**
 * @param {WayData} data
 * @param {HTMLImageElement | null} picture
 * @returns {Way}
 */
function shownWay({ kind, title, note, trouble, line, nearest, distances, neighbours, density }, picture) {
  const known = nearest && distances && neighbours && density;
  const around = known ? { nearest, distances, neighbours, density } : null;
  const way = { kind, title, note, trouble, picture, line: line ?? null, company: around };
  return { ...way, codes: null, stale: false, canvas: null };
}

export const mountPaths = mounting(".paths", Studio);
