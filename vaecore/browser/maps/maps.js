// Maps of the same images side by side: what is under the pointer on one is found on all, and a place of the first map
// is decoded as the pointer passes it. Nothing of this asks the server.
import { fetchFloats, fetchNetwork, fetchPicture } from "../fetching.js";
import { ARROWS } from "../keys.js";
import { clamp } from "../numbers.js";
import { paint } from "../picture.js";
import { Chart, ring } from "./chart.js";
import { Cursor } from "./cursor.js";
import { Dots, bytes } from "./dots.js";
import { encloses, outline } from "./lasso.js";

const NEAR = 14; // pixels from the pointer to a point that it means
const FADED = 0.15;
const MOST = 60; // pictures in the gallery
const ZOOM = 1.5;
const RINGS = [0.5, 0.95]; // of the prior's draws lie within
const maps = new WeakMap();

class Maps {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.chosen = null; // the points inside the last lasso
    this.mode = "look";
    for (const button of root.querySelectorAll("[data-mode]")) button.onclick = () => this.become(button.dataset.mode);
    this.find(".in").onclick = () => this.zoom(ZOOM);
    this.find(".out").onclick = () => this.zoom(1 / ZOOM);
    this.find(".home").onclick = () => (this.planes.forEach((plane) => plane.fit()), this.draw());
    this.find(".clear").onclick = () => this.choose(null);
    this.cursor = new Cursor(this);
    this.dots = new Dots();
    this.observer = new ResizeObserver(() =>
      this.draw(this.planes?.filter((plane) => plane.over.clientWidth !== plane.side)),
    );
    this.observer.observe(root);
  }

  // Another model, other axes or classes: the points are there before any is shown, pictures and decoder follow.
  async update(data) {
    this.asked = data;
    const { data: before, floats, images, network, atlas } = this;
    const known = network && before.weights === data.weights;
    const seen = atlas && before.atlas?.address === data.atlas?.address;
    delete this.root.dataset.ready;
    const points = await Promise.all([
      floats && before.points === data.points ? floats : fetchFloats(data.points),
      images && before.images === data.images ? images : fetchFloats(data.images),
    ]);
    if (this.asked !== data) return; // something else has been asked for meanwhile
    this.data = data;
    [this.floats, this.images] = points;
    [this.network, this.atlas] = [known ? network : null, seen ? atlas : null];
    if (this.floats && this.images) this.lay(before?.images === data.images);
    else this.find(".planes").textContent = "The points did not arrive: load the page again.";
    this.root.dataset.drawn = "true";
    const came = await Promise.all([
      known ? network : fetchNetwork(data.network, data.weights),
      seen ? atlas : fetchPicture(data.atlas?.address),
    ]);
    if (this.asked !== data) return;
    [this.network, this.atlas] = came;
    this.card();
    this.gallery();
    this.cursor.update();
    this.root.dataset.ready = "true";
  }

  // The floats: the points of every map, x and y by turns. Maps and a selection stay where they are of the same points.
  lay(sameImages) {
    const { count, titles, axes, facts, labelled, scaled } = this.data;
    this.index = this.images.subarray(0, count);
    this.labels = labelled ? this.images.subarray(count) : null;
    this.scales = scaled ? this.floats.subarray(2 * titles.length * count) : null;
    this.planes = titles.map((title, i) => {
      const points = this.floats.subarray(2 * i * count, 2 * (i + 1) * count);
      const old = this.planes?.[i];
      const same = old?.title === title && old.count === count && old.points.every((value, j) => value === points[j]);
      const plane = same ? old : this.attend(new Chart(points, title));
      plane.axes = axes[i];
      plane.middles = this.labels ? plane.medians(this.labels, this.data.names.length) : [];
      plane.tell(facts[i]);
      return plane;
    });
    this.find(".planes").replaceChildren(...this.planes.map((plane) => plane.figure));
    this.leave();
    this.choose(sameImages ? this.chosen && [...this.chosen] : null);
    this.cursor.update();
  }

  attend(plane) {
    const { over } = plane;
    over.onpointerdown = (event) => this.press(event, plane);
    over.onpointermove = (event) => this.pass(event, plane);
    over.onpointerup = (event) => this.release(event);
    over.onpointercancel = (event) => (!this.trace || this.trace.pointer === event.pointerId) && this.leave();
    over.onpointerleave = (event) => event.pointerType === "mouse" && this.leave(); // a finger's card stays to be read
    over.onblur = () => this.leave();
    over.onwheel = (event) => this.wheel(event, plane);
    over.onkeydown = (event) => this.walk(event, plane);
    return plane;
  }

  become(mode) {
    this.mode = mode;
    for (const button of this.root.querySelectorAll("[data-mode]")) {
      button.setAttribute("aria-pressed", button.dataset.mode === mode);
    }
    this.root.dataset.mode = mode;
    this.leave();
  }

  where(event, plane) {
    const box = plane.over.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  // One pointer draws: another one on a map meanwhile does not.
  press(event, plane) {
    if (event.button !== 0 || this.trace) return;
    plane.over.setPointerCapture(event.pointerId);
    this.trace = { pointer: event.pointerId, plane, points: [this.where(event, plane)] };
    this.pass(event, plane);
  }

  pass(event, plane) {
    if (this.trace && this.trace.pointer !== event.pointerId) return;
    const at = this.where(event, plane);
    if (!this.trace || this.mode === "look") return this.look(plane, plane.toPlane(...at));
    const last = this.trace.points.at(-1);
    this.trace.points.push(at);
    if (this.mode === "move") {
      const [x, y] = at.map((value, i) => (value - last[i]) / plane.scale);
      plane.show([plane.center[0] - x, plane.center[1] + y], plane.span);
      this.draw([plane]);
    } else this.overlay();
  }

  release(event) {
    if (this.trace?.pointer !== event.pointerId) return;
    const { plane, points } = this.trace;
    this.trace = null;
    if (this.mode === "lasso" || this.mode === "box") {
      const inside = outline(this.mode, points);
      this.choose(inside.length < 3 ? null : every(plane, (x, y) => encloses(inside, x, y)));
    }
  }

  leave() {
    this.trace = null;
    this.met = null;
    this.card();
    this.overlay();
  }

  wheel(event, plane) {
    event.preventDefault();
    plane.zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2, ...this.where(event, plane));
    this.draw([plane]);
  }

  zoom(factor) {
    for (const plane of this.planes) plane.zoom(factor);
    this.draw();
  }

  // By keyboard the pointer is a mark that starts in the middle; Enter takes the image that is nearest, however far it is,
  // or lets it go.
  walk(event, plane) {
    if (event.key === "Escape") return this.leave();
    if (event.key === "Enter" && this.met?.plane === plane) {
      const chosen = new Set(this.chosen);
      const point = plane.nearest(...this.met.place);
      if (!chosen.delete(point)) chosen.add(point);
      return this.choose([...chosen]);
    }
    if (!(event.key in ARROWS)) return;
    event.preventDefault();
    const [right, up] = ARROWS[event.key];
    const [left, top] =
      this.met?.plane === plane ? plane.toScreen(...this.met.place) : [plane.side / 2, plane.side / 2];
    const moved = this.met?.plane === plane ? [left + 8 * right, top - 8 * up] : [left, top];
    this.look(plane, plane.toPlane(...moved.map((at) => clamp(at, 0, plane.side))), true);
  }

  // What is at a place: the nearest image on every map, and on the first one what the place itself decodes to.
  look(plane, place, byKeys = false) {
    this.met = { plane, place, byKeys, point: plane.nearest(...place, NEAR / plane.scale) };
    this.overlay();
    this.card();
  }

  decodes() {
    return this.met.plane === this.planes[0] && this.network !== null;
  }

  card() {
    const card = this.find(".card");
    card.hidden = !this.met || (this.met.point < 0 && !this.decodes());
    if (card.hidden) return;
    const { plane, place, point } = this.met;
    const at = plane.toScreen(...place);
    const [real, made] = card.querySelectorAll("figure");
    real.hidden = point < 0;
    real.querySelector("canvas").hidden = !this.pictured();
    if (!real.hidden && this.pictured()) this.copy(real.querySelector("canvas"), point);
    real.querySelector("figcaption").textContent = point < 0 ? "" : this.caption(point);
    made.hidden = !this.decodes();
    if (!made.hidden)
      made.querySelector("figcaption").textContent = this.decode(made.querySelector("canvas"), plane, place);
    const box = this.root.getBoundingClientRect();
    const over = plane.over.getBoundingClientRect();
    const x = over.left - box.left + at[0];
    const y = over.top - box.top + at[1];
    const beside = x + 24 + card.offsetWidth > box.width ? x - 24 - card.offsetWidth : x + 24;
    card.style.transform = `translate(${Math.max(0, beside)}px, ${Math.max(0, y - card.offsetHeight / 2)}px)`;
  }

  caption(point) {
    const name = this.labels ? this.data.names[this.labels[point]] : "";
    const decoded = this.data.made || (!this.atlas && this.pictured());
    return [name, `image ${this.index[point]}`, decoded ? "as decoded" : ""].filter(Boolean).join(" · ");
  }

  // Draws what a place decodes to, and says of which numbers, and of which class, that of the nearest image.
  decode(canvas, plane, [x, y]) {
    const code = Float32Array.from(this.data.middle);
    const [first, second] = this.data.plane;
    code[second] = y;
    code[first] = x;
    const label = this.data.conditional ? [this.labels[plane.nearest(x, y)]] : [];
    paint(canvas, this.network.run(code, ...label).mean, this.data.shape);
    const numbers = (first === second ? [x] : [x, y]).map((value) => value.toFixed(2)).join(", ");
    return `decoded at ${numbers}${label.length ? ` as ${this.data.names[label[0]]}` : ""}`;
  }

  // Whether there is a picture of every point: on the sheet, or decoded from its code.
  pictured() {
    return this.atlas !== null || Boolean(this.network && this.cursor.codes);
  }

  copy(canvas, point) {
    if (!this.atlas) {
      const n = this.data.middle.length;
      const label = this.data.conditional ? [this.labels[point]] : [];
      const code = this.cursor.codes.subarray(n * point, n * (point + 1));
      return paint(canvas, this.network.run(code, ...label).mean, this.data.shape);
    }
    const { columns } = this.data.atlas;
    const [, height, width] = this.data.shape;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const [column, row] = [point % columns, Math.floor(point / columns)];
    canvas.getContext("2d").drawImage(this.atlas, column * width, row * height, width, height, 0, 0, width, height);
  }

  choose(points) {
    this.chosen = points?.length ? new Set(points) : null;
    this.draw();
    this.gallery();
  }

  gallery() {
    const chosen = [...(this.chosen ?? [])];
    const pictures = this.find(".pictures");
    this.find(".gallery").hidden = !chosen.length;
    if (!chosen.length) return;
    const counts = this.data.names.map((name, label) => [
      name,
      chosen.filter((i) => this.labels?.[i] === label).length,
    ]);
    const most = counts
      .filter(([, count]) => count)
      .sort((a, b) => b[1] - a[1])
      .map(([name, count]) => `${count} × ${name}`);
    const shown = chosen.length > MOST ? `, the first ${MOST} of them` : "";
    this.find(".said").textContent =
      `${chosen.length} image${chosen.length === 1 ? "" : "s"}${shown}${most.length ? `: ${most.join(", ")}` : ""}`;
    if (!this.pictured()) return pictures.replaceChildren();
    pictures.replaceChildren(
      ...chosen.slice(0, MOST).map((point) => {
        const canvas = Object.assign(document.createElement("canvas"), { title: this.caption(point) });
        canvas.setAttribute("role", "img");
        canvas.setAttribute("aria-label", canvas.title);
        this.copy(canvas, point);
        return canvas;
      }),
    );
  }

  // Whether a point is brought out: by a selection, or else by its class.
  stands(i) {
    if (this.chosen) return this.chosen.has(i);
    return !this.data.focus.length || this.data.focus.includes(this.labels?.[i]);
  }

  draw(planes = this.planes) {
    if (!planes) return;
    const style = getComputedStyle(this.root);
    const { focus } = this.data;
    for (const plane of planes) {
      const pen = plane.pen(plane.base);
      if (!plane.side) continue;
      const [radius, opacity] = plane.count > 5000 ? [1.6, 0.6] : [plane.count > 1000 ? 2 : 3, 0.8];
      if (plane.axes) this.grid(pen, plane, style.color);
      const colors = this.data.colors.map(bytes);
      const { dots } = this;
      dots.wipe(plane.base.width, radius * devicePixelRatio);
      const scale = plane.base.width / plane.span;
      const left = plane.base.width / 2 - plane.center[0] * scale;
      const top = plane.base.width / 2 + plane.center[1] * scale;
      for (let i = 0; i < plane.count; i++) {
        const color = colors[(this.labels?.[i] ?? 0) % colors.length];
        dots.put(
          left + plane.points[2 * i] * scale,
          top - plane.points[2 * i + 1] * scale,
          color,
          this.stands(i) ? opacity : FADED,
        );
      }
      pen.drawImage(dots.picture(), 0, 0, plane.side, plane.side);
      if (this.labels) plane.names(pen, plane.middles, this.data, (label) => !focus.length || focus.includes(label));
    }
    this.overlay();
    this.card();
  }

  // The prior's rings, and where zero is: only axes that are numbers of the code have either.
  grid(pen, plane, color) {
    const [x, y] = plane.toScreen(0, 0);
    [pen.strokeStyle, pen.fillStyle, pen.font] = [color, color, "12px sans-serif"];
    pen.globalAlpha = 0.25;
    pen.beginPath();
    (pen.moveTo(x, 0), pen.lineTo(x, plane.side), pen.moveTo(0, y), pen.lineTo(plane.side, y));
    pen.stroke();
    for (const share of this.data.prior ? RINGS : []) {
      pen.setLineDash([4, 4]);
      pen.beginPath();
      pen.arc(x, y, Math.sqrt(-2 * Math.log(1 - share)) * plane.scale, 0, 7);
      pen.stroke();
    }
    pen.setLineDash([]);
    pen.globalAlpha = 0.8;
    pen.textAlign = "right";
    pen.fillText(plane.axes[0], plane.side - 4, Math.min(plane.side - 6, Math.max(14, y - 6)));
    pen.textAlign = "start";
    pen.fillText(plane.axes[1], Math.min(plane.side - 30, Math.max(4, x + 6)), 14);
    pen.globalAlpha = 1;
  }

  // The posterior of an image, to scale: its ellipses at one and two scales.
  posterior(pen, plane, i, color) {
    const [x, y] = plane.place(i);
    const unit = plane.scale;
    const [wide, high] = this.scales.subarray(2 * i, 2 * i + 2);
    pen.strokeStyle = color;
    for (const times of [1, 2]) {
      pen.beginPath();
      pen.ellipse(x, y, times * wide * unit, times * high * unit, 0, 0, 7);
      pen.stroke();
    }
  }

  // What follows the pointer, over the points: the same image on every map, the place that is decoded, the lasso.
  overlay() {
    if (!this.planes) return;
    const { color } = getComputedStyle(this.root);
    const own = getComputedStyle(this.root).getPropertyValue("--vc-z") || "#8a63d2";
    for (const plane of this.planes) {
      if (!plane.side) continue;
      const pen = plane.pen(plane.over);
      pen.lineWidth = 2;
      this.cursor.mark(pen, plane, own, color);
      if (this.met?.point >= 0) ring(pen, ...plane.place(this.met.point), 8, color);
      if (this.met?.point >= 0 && this.scales && plane === this.planes[0])
        this.posterior(pen, plane, this.met.point, color);
      const marked = this.met?.plane === plane && (this.met.byKeys || this.decodes());
      if (marked) ring(pen, ...plane.toScreen(...this.met.place), 5, own);
      if (this.trace?.plane === plane && this.mode !== "move" && this.mode !== "look") {
        pen.strokeStyle = own;
        pen.setLineDash([5, 4]);
        pen.beginPath();
        for (const [x, y] of outline(this.mode, this.trace.points)) pen.lineTo(x, y);
        pen.closePath();
        pen.stroke();
        pen.setLineDash([]);
      }
    }
  }
}

function every(plane, holds) {
  return Array.from({ length: plane.count }, (_, i) => i).filter((i) => holds(...plane.place(i), i));
}

export function mountMaps({ data, parentElement }) {
  let shown = maps.get(parentElement);
  if (!shown) {
    shown = new Maps(parentElement.querySelector(".maps"));
    maps.set(parentElement, shown);
  }
  shown.update(data);
  return () => {
    shown.observer.disconnect();
    shown.cursor.leave();
    maps.delete(parentElement);
  };
}
