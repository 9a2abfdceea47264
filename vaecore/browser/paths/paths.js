// Paths between two codes: on the plane of the real codes, step by step, and as films. An end is dragged on the plane;
// where the plane is the whole code the straight and the spherical path follow here, at every move. Python hears of a
// gesture once it has ended.
import { fetchFloats, fetchNetwork, fetchPicture } from "../fetching.js";
import { ARROWS } from "../keys.js";
import { BENT, company } from "./bends.js";
import { Films } from "./films.js";
import { Ground } from "./ground.js";

const FRAME = 170; // ms that a step is played
const FINE_STEP = 1 / 80; // of the plane's side, for an arrow key; with Shift ten times that
const BUDGET = 8; // ms after which the films that are not looked at wait for the next frame
const DIGITS = 4; // of a place, as the address has it
const DASHES = { linear: [], spherical: [9, 6], data: [1, 6] };
const studios = new WeakMap();

class Studio {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    [this.base, this.over] = root.querySelectorAll(".plane canvas");
    this.films = new Films(this.find(".grid"));
    this.left = {}; // the ends that were moved, until Python knows of it
    this.handles = [...root.querySelectorAll(".handle")];
    this.handles.forEach((handle, end) => this.attend(handle, end));
    this.over.onclick = (event) => this.bring(event);
    this.range = this.find("input");
    Object.assign(this.range, {
      oninput: () => (this.halt(), (this.held = true), this.go(Number(this.range.value))),
      onchange: () => this.keyed || this.finish(),
      onkeydown: () => (this.keyed = true), // until the key is up, or the focus goes elsewhere
      onkeyup: () => (this.held ? this.finish() : (this.keyed = false)),
      onblur: () => (this.held ? this.finish() : (this.keyed = false)),
    });
    this.find(".play").onclick = () => (this.playing ? this.finish() : this.play());
    this.observer = new ResizeObserver(() => this.data && this.draw());
    this.observer.observe(root);
  }

  attend(handle, end) {
    const own = (event) => this.dragging?.pointer === event.pointerId;
    Object.assign(handle, {
      onpointerdown: (event) => this.grasp(event, end),
      onpointermove: (event) => own(event) && this.drag(this.where(event)),
      onpointerup: (event) => own(event) && this.finish(),
      onpointercancel: (event) => own(event) && this.cancel(),
      onkeydown: (event) => this.nudge(event, end),
      onkeyup: (event) => event.key in ARROWS && this.dragging?.pointer === null && this.finish(),
      onblur: () => this.dragging?.pointer === null && this.finish(),
    });
  }

  // What Python knows, unless a hand is on it, or Python does not know yet of what the hand did.
  async update(data) {
    this.asked = data;
    this.turn ??= data.turn;
    const before = this.loaded;
    const same = (name) => before?.data.ground?.[name] === data.ground?.[name];
    const another = before && (!same("points") || before.data.weights !== data.weights);
    const waits = () => !another && (this.dragging || this.held || data.turn < this.turn);
    if (waits()) return;
    if (another) this.rest();
    delete this.root.dataset.ready;
    const [floats, atlas, network, ...films] = await Promise.all([
      before?.floats && same("points") ? before.floats : fetchFloats(data.ground?.points),
      before?.atlas && same("atlas") ? before.atlas : fetchPicture(data.ground?.atlas),
      before?.network && before.data.weights === data.weights
        ? before.network
        : fetchNetwork(data.network, data.weights),
      ...data.ways.map((way) => fetchPicture(way.film)),
    ]);
    if (this.asked !== data || waits()) return; // something else has happened meanwhile
    if (floats !== before?.floats) this.plane = floats && new Ground(floats);
    this.loaded = { data, floats, atlas, network };
    this.take(data, films);
    this.root.dataset.ready = "true";
  }

  take(data, films) {
    this.data = data;
    this.films_came = films;
    this.left = {};
    this.label = data.label;
    this.ends = data.ends.map((end) => ({ ...end }));
    this.ways = data.ways.map((way, i) => ({ ...way, film: films[i] }));
    this.step = this.playing ? Math.min(this.step, data.steps - 1) : data.step;
    this.range.max = data.steps - 1;
    this.plane?.fit([...this.ends.map((end) => end.place), ...this.ways.flatMap((way) => way.line ?? [])]);
    this.root.classList.toggle("bare", !this.plane);
    this.films.build(this.ways, { ...data, ground: this.plane && data.ground }, this.loaded.atlas, (step) => {
      this.go(step);
      this.finish();
    });
    this.draw();
  }

  where(event) {
    const box = this.over.getBoundingClientRect();
    return this.within([event.clientX - box.left, event.clientY - box.top]);
  }

  // The place of the plane at a point of the screen, or at the nearest of its edge.
  within(at) {
    return this.plane.toPlane(...at.map((value) => Math.min(this.plane.side, Math.max(0, value))));
  }

  // One pointer drags: another one on a handle meanwhile does not.
  grasp(event, end) {
    if (event.button !== 0 || this.dragging) return;
    this.handles[end].setPointerCapture(event.pointerId);
    this.dragging = { end, pointer: event.pointerId };
  }

  // A click beside the handles brings the nearer one.
  bring(event) {
    const [x, y] = this.where(event);
    const [a, b] = this.ends.map(({ place }) => Math.hypot(place[0] - x, place[1] - y));
    this.dragging = { end: a <= b ? 0 : 1, pointer: null };
    this.drag([x, y]);
    this.finish();
  }

  nudge(event, end) {
    if (event.key === "Escape" && this.dragging) return this.cancel();
    const step = ARROWS[event.key];
    if (!step || (this.dragging && this.dragging.pointer !== null)) return; // a pointer has it
    event.preventDefault();
    this.dragging ??= { end, pointer: null };
    const { place, point } = this.ends[end];
    const far = (event.shiftKey ? 10 : 1) * FINE_STEP * this.plane.span;
    if (this.data.ground.free)
      return this.drag(this.within(this.plane.toScreen(...place.map((value, i) => value + far * step[i]))));
    const next = this.plane.beside(point, step);
    if (next >= 0) this.drag(this.plane.point(next));
  }

  // An end goes to a place: where the plane is not the whole code, it means the image that is nearest there.
  drag(place) {
    const { ground } = this.data;
    const end = this.ends[this.dragging.end];
    this.halt();
    this.dragging.moved = true;
    end.point = this.plane.nearest(...place);
    end.place = ground.free ? place.map((value) => Number(value.toPrecision(DIGITS))) : place;
    end.title = ground.free ? `z = (${end.place.map((value) => value.toFixed(2)).join(", ")})` : this.image(end.point);
    this.left["ab"[this.dragging.end]] = ground.free ? end.place.join(" ") : String(ground.index[end.point]);
    for (const way of this.ways) way.stale = !(ground.free && way.kind in BENT);
    this.stand();
    this.frame ??= requestAnimationFrame(() => this.follow());
  }

  // The straight and the spherical path of codes that are seen whole, and what is around the one that is looked at.
  bend() {
    const { ground, fine, steps, follows } = this.data;
    const [a, b] = this.ends.map((end) => end.place);
    if (follows && this.left.a) this.label = ground.labels[this.ends[0].point];
    for (const way of this.ways.filter((each) => !each.stale)) {
      way.line = Array.from({ length: fine * (steps - 1) + 1 }, (_, i) =>
        BENT[way.kind](a, b, i / (fine * (steps - 1))),
      );
      way.codes = way.line.filter((_, i) => i % fine === 0);
      if (way === this.ways[0]) Object.assign(way, company(way.line, fine, this.plane, ground));
    }
  }

  // Paths and films follow an end; where decoding takes long, the films that are not looked at come a frame later.
  follow() {
    const begun = performance.now();
    const [first, ...others] = this.ways;
    const draw = (ways) => this.films.draw(this.loaded.network, this.label, ways);
    this.frame = null;
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
    this.frame = this.dragging = this.held = this.keyed = undefined;
  }

  // The end of a gesture, of which Python is told. Its answer to an earlier one, which comes later, is known by its turn.
  finish() {
    const { dragging, frame } = this;
    const end = dragging && this.ends[dragging.end];
    this.rest();
    if (dragging && !dragging.moved) return this.asked !== this.data && this.update(this.asked);
    if (end && !this.data.ground.free) end.place = this.plane.point(end.point);
    if (frame) this.bend();
    this.draw();
    this.tell({ ends: { ...this.left }, step: this.step, turn: ++this.turn });
  }

  cancel() {
    this.rest();
    this.take(this.data, this.films_came);
    if (this.asked !== this.data) this.update(this.asked);
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

  go(step) {
    this.step = step;
    this.show();
    if (this.plane) this.overlay();
  }

  draw() {
    this.films.draw(this.loaded.network, this.label);
    if (this.plane) this.paint();
    this.go(this.step);
  }

  image(point) {
    const [row, name] = this.films.named(point).reverse();
    return `test image ${row}${name === undefined ? "" : `, ${name}`}`;
  }

  // The step that is looked at: its picture, the nearest image, and what is said of them.
  show() {
    const { steps, shares, ground } = this.data;
    const [way] = this.ways;
    const { step } = this;
    const [made, real] = this.root.querySelectorAll(".pictures figure");
    const known = this.plane && !way.trouble;
    this.films.mark(step);
    this.films.showStep(made.querySelector("canvas"), step);
    made.querySelector("figcaption").textContent = `${way.title}: step ${step + 1} of ${steps}, ${shares[step]}`;
    const meant = this.dragging?.moved && !ground.free ? this.ends[this.dragging.end].point : null;
    real.hidden = !known || !this.loaded.atlas;
    if (known) this.films.showPoint(real.querySelector("canvas"), meant ?? way.nearest[step]);
    real.querySelector("figcaption").textContent = known ? this.about(way, step, meant) : "";
    Object.assign(this.range, { value: step });
    this.range.style.setProperty("--at", `${(100 * step) / (steps - 1)}%`);
    this.range.setAttribute(
      "aria-valuetext",
      `step ${step + 1} of ${steps}${known ? `, ${this.about(way, step, null)}` : ""}`,
    );
  }

  about(way, step, meant) {
    if (meant !== null) return `${"AB"[this.dragging.end]} at ${this.image(meant)}`;
    const many = way.neighbours[step];
    return `nearest: ${this.image(way.nearest[step])}, at ${way.distances[step].toPrecision(2)}; ${many} neighbour${many === 1 ? "" : "s"}`;
  }

  paint() {
    const { labels, names, colors, axes } = this.data.ground;
    const pen = this.plane.pen(this.base);
    if (!this.plane.side) return;
    this.plane.dots(pen, labels, colors);
    this.plane.axes(pen, axes, getComputedStyle(this.root).color);
    if (labels) this.plane.names(pen, this.plane.medians(labels, names.length), this.data.ground);
    this.stand();
  }

  // The handles at their ends.
  stand() {
    this.handles.forEach((handle, i) => {
      const { place, title } = this.ends[i];
      const [left, top] = this.plane.toScreen(...place);
      Object.assign(handle.style, { left: `${left}px`, top: `${top}px` });
      handle.setAttribute("aria-label", `${"AB"[i]}, ${title}: drag it, or use the arrow keys`);
    });
    this.find(".map figcaption").textContent = this.ends.map(({ title }, i) => `${"AB"[i]}: ${title}`).join(" · ");
  }

  // Over the points: the paths, the one that is looked at last; its step, with the radius in which neighbours count.
  overlay() {
    const pen = this.plane.pen(this.over);
    const style = getComputedStyle(this.root);
    const own = style.getPropertyValue("--vc-z");
    const { plane } = this;
    if (!plane.side) return;
    pen.lineCap = pen.lineJoin = "round";
    for (const way of [...this.ways].reverse().filter((each) => each.line)) {
      const line = way.line.map((place) => plane.toScreen(...place));
      const looked = way === this.ways[0];
      pen.globalAlpha = way.stale ? 0.2 : 1;
      for (const [color, extra] of [
        [style.getPropertyValue("--st-background-color"), 4],
        [style.color, 0],
      ]) {
        [pen.strokeStyle, pen.lineWidth] = [color, (looked ? 3.5 : 2) + extra];
        trace(pen, line, extra ? [] : DASHES[way.kind]);
      }
    }
    const [way] = this.ways;
    if (way.stale || !way.line) return;
    const [x, y] = plane.toScreen(...way.line[this.step * this.data.fine]);
    [pen.strokeStyle, pen.fillStyle, pen.lineWidth] = [own, own, 2];
    pen.beginPath();
    if (this.data.ground.free) pen.arc(x, y, this.data.ground.radius * plane.scale, 0, 7);
    pen.stroke();
    pen.beginPath();
    pen.arc(x, y, 5, 0, 7);
    pen.fill();
  }
}

export function mountPaths({ data, parentElement, setStateValue }) {
  let studio = studios.get(parentElement);
  if (!studio) {
    studio = new Studio(parentElement.querySelector(".paths"));
    studios.set(parentElement, studio);
  }
  studio.tell = (stand) => setStateValue("stand", stand);
  studio.update(data);
  return () => {
    studio.rest();
    studio.observer.disconnect();
    studio.films.observer.disconnect();
    studios.delete(parentElement);
  };
}
