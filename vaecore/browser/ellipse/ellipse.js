// A Gaussian over the plane of a 2-D code, beside the density that it stands in for. It is dragged by its middle, or by
// its ends for the scales; its elbo is reckoned here at every move, from log p(x, z) on lattices of codes.
import { fetchFloats, fetchNetwork } from "../fetching.js";
import { ARROWS } from "../keys.js";
import { paint } from "../picture.js";
import { Square } from "../plane.js";
import { elbo, weigh } from "./elbo.js";
import { Lattice, finest } from "./lattice.js";

const GRASP = 18; // pixels from the pointer to what it takes hold of
const APART = 26; // pixels at least from the middle to an end
const PAUSE = 250; // ms after the last key: then its gesture has ended
const DIAMETERS = { least: 4, usual: 9, most: 30 }; // of a sample; the usual has its fair share of the weight
const TURN = 2 * Math.PI;
const fields = new WeakMap();

class Field {
  constructor(root) {
    this.root = root;
    this.square = new Square();
    this.find = (selector) => root.querySelector(selector);
    [this.base, this.over, this.picture] = root.querySelectorAll("canvas");
    this.over.onpointerdown = (event) => this.grasp(event);
    this.over.onpointermove = (event) => this.follow(event);
    this.over.onpointerup = this.over.onpointercancel = (event) => this.letGo(event);
    this.over.onkeydown = (event) => this.walk(event);
    this.over.onblur = () => this.keyed && this.finish();
    this.observer = new ResizeObserver(() => this.data && this.draw());
    this.observer.observe(root);
  }

  async update(data) {
    this.asked = data;
    const before = this.data;
    delete this.root.dataset.ready;
    const [density, network, ...joints] = await Promise.all([
      fetchFloats(data.density),
      this.network && before?.weights === data.weights ? this.network : fetchNetwork(data.network, data.weights),
      ...data.joints.map((each) => fetchFloats(each.values)),
    ]);
    if (this.asked !== data) return; // something else has been asked for meanwhile
    const [across, up, half] = data.window;
    this.square.show([across, up], 2 * half);
    Object.assign(this, { data, density, network });
    this.joint = finest(data.joints.map((each, i) => new Lattice(each, joints[i])));
    this.turn ??= data.turn;
    if (this.held || this.keyed || data.turn < this.turn) return; // it has been moved on since
    this.q = [...data.hand.at];
    this.moved = data.hand.moved;
    this.draw();
    this.root.dataset.ready = "true";
  }

  where(event) {
    const box = this.over.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  // Where the ellipse is taken hold of: its middle, and an end of each axis.
  handles() {
    const [left, top] = this.square.toScreen(...this.q);
    const { scale } = this.square;
    const [wide, high] = [2, 3].map((i) => Math.max(APART, Math.exp(this.q[i]) * scale));
    return [
      [left, top],
      [left + wide, top],
      [left, top - high],
    ];
  }

  grasp(event) {
    if (event.button !== 0 || this.held || !this.q) return;
    const at = this.where(event);
    const far = ([x, y]) => Math.hypot(x - at[0], y - at[1]);
    const handles = this.handles();
    const nearest = handles.map(far).indexOf(Math.min(...handles.map(far)));
    const what = far(handles[nearest]) <= GRASP ? nearest : 0; // elsewhere the middle comes to the pointer
    const held = what === 0 && far(handles[0]) <= GRASP;
    this.held = {
      pointer: event.pointerId,
      what,
      from: [...this.q],
      at: handles[what],
      offset: held ? handles[0].map((v, i) => v - at[i]) : [0, 0],
    };
    this.over.setPointerCapture(event.pointerId);
    this.follow(event);
  }

  follow(event) {
    if (this.held?.pointer !== event.pointerId) return;
    const { what, from, at, offset } = this.held;
    const here = this.where(event);
    const q = [...this.q];
    if (what === 0) [q[0], q[1]] = this.square.toPlane(here[0] + offset[0], here[1] + offset[1]);
    else {
      const [left, top] = this.square.toScreen(...from);
      const axis = what - 1;
      const [now, then] = [here, at].map((place) => (axis ? top - place[1] : place[0] - left));
      q[1 + what] = from[1 + what] + Math.log(Math.max(now, 1) / then);
    }
    this.move(q);
  }

  letGo(event) {
    if (this.held?.pointer !== event.pointerId) return;
    this.held = null;
    this.finish();
  }

  walk(event) {
    const step = ARROWS[event.key];
    if (!step || !this.q) return;
    event.preventDefault();
    const by = event.shiftKey ? 0.05 : this.data.window[2] / 60;
    const first = event.shiftKey ? 2 : 0;
    const q = [...this.q];
    q[first] += by * step[0];
    q[first + 1] += by * step[1];
    this.move(q);
    clearTimeout(this.keyed);
    this.keyed = setTimeout(() => this.finish(), PAUSE);
  }

  move(q) {
    [this.q, this.moved] = [q, true];
    this.overlay();
  }

  finish() {
    this.keyed = clearTimeout(this.keyed);
    this.tell({ at: this.q, turn: ++this.turn });
  }

  draw() {
    if (!this.q) return;
    const pen = this.square.pen(this.base);
    const style = getComputedStyle(this.root);
    if (!this.square.side) return;
    this.axes(pen, style.color);
    if (this.density) this.cloud(pen);
    for (const each of this.data.samples) this.dots(pen, each.codes, each.weights, each.color);
    for (const { mean, scale, color, dashed } of this.data.outlines)
      this.rings(pen, mean, scale, color, dashed ? [6, 4] : []);
    this.explain();
    this.overlay();
  }

  axes(pen, color) {
    const [across, up, half] = this.data.window;
    const step = round(half / 2.5);
    pen.fillStyle = pen.strokeStyle = color;
    pen.font = "12px sans-serif";
    pen.lineWidth = 1;
    const digits = Math.max(0, -Math.floor(Math.log10(step)));
    const said = (value) => value.toFixed(digits).replace("-", "\u2212");
    for (let i = Math.ceil((across - half) / step); i * step < across + half; i++) {
      const left = this.square.toScreen(i * step, up)[0];
      pen.globalAlpha = 0.12;
      pen.fillRect(left, 0, 1, this.square.side);
      pen.globalAlpha = 0.75;
      pen.textAlign = "center";
      if (left > 40 && left < this.square.side - 30) pen.fillText(said(i * step), left, this.square.side - 6);
    }
    for (let i = Math.ceil((up - half) / step); i * step < up + half; i++) {
      const top = this.square.toScreen(across, i * step)[1];
      pen.globalAlpha = 0.12;
      pen.fillRect(0, top, this.square.side, 1);
      pen.globalAlpha = 0.75;
      pen.textAlign = "left";
      if (top > 30 && top < this.square.side - 24) pen.fillText(said(i * step), 5, top + 4);
    }
    pen.fillText("z\u2082", 5, 16);
    pen.textAlign = "right";
    pen.fillText("z\u2081", this.square.side - 6, this.square.side - 6);
    pen.globalAlpha = 1;
  }

  cloud(pen) {
    const [x, y, columns, rows, height, width] = this.data.grid;
    const top = this.density.reduce((a, b) => Math.max(a, b), 0);
    const image = new ImageData(width, height);
    const [red, green, blue] = channels(this.data.z);
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const share = this.density[row * width + column] / top;
        const at = 4 * ((height - 1 - row) * width + column);
        image.data.set([red, green, blue, 255 * shade(share)], at);
      }
    }
    const sheet = new OffscreenCanvas(width, height);
    sheet.getContext("2d").putImageData(image, 0, 0);
    const [left, low] = this.square.toScreen(x - columns / 2, y - rows / 2);
    const [right, high] = this.square.toScreen(x + (width - 0.5) * columns, y + (height - 0.5) * rows);
    pen.drawImage(sheet, left, high, right - left, low - high);
    pen.strokeStyle = this.data.z;
    pen.lineWidth = 1.2;
    for (const level of this.data.levels) this.line(pen, level);
  }

  // The line where the density passes a level: through each square of its lattice, from edge to edge.
  line(pen, level) {
    const [x, y, columns, rows, height, width] = this.data.grid;
    const value = (i, j) => this.density[j * width + i] - level;
    pen.beginPath();
    for (let j = 0; j < height - 1; j++) {
      for (let i = 0; i < width - 1; i++) {
        const corners = [
          [i, j],
          [i + 1, j],
          [i + 1, j + 1],
          [i, j + 1],
        ];
        const met = [];
        corners.forEach((a, k) => {
          const b = corners[(k + 1) % 4];
          const [from, to] = [value(...a), value(...b)];
          if (from < 0 === to < 0) return;
          const share = from / (from - to);
          met.push(
            this.square.toScreen(
              x + columns * (a[0] + share * (b[0] - a[0])),
              y + rows * (a[1] + share * (b[1] - a[1])),
            ),
          );
        });
        for (let k = 0; k + 1 < met.length; k += 2) (pen.moveTo(...met[k]), pen.lineTo(...met[k + 1]));
      }
    }
    pen.stroke();
  }

  rings(pen, mean, scale, color, dash = []) {
    const [left, top] = this.square.toScreen(...mean);
    const unit = this.square.scale;
    pen.strokeStyle = color;
    pen.lineWidth = 2.5;
    pen.setLineDash(dash);
    for (const k of [1, 2]) {
      pen.beginPath();
      pen.ellipse(left, top, k * scale[0] * unit, k * scale[1] * unit, 0, 0, TURN);
      pen.stroke();
    }
    pen.setLineDash([]);
  }

  // An area as the weight, as far as the eye can follow.
  dots(pen, codes, weights, color) {
    const { least, usual, most } = DIAMETERS;
    pen.fillStyle = color;
    pen.strokeStyle = "#fff";
    pen.lineWidth = 1;
    codes.forEach(([x, y], i) => {
      const diameter = weights ? Math.min(most, Math.max(least, usual * Math.sqrt(weights[i] * codes.length))) : least;
      pen.globalAlpha = weights ? 0.75 : 0.3;
      pen.beginPath();
      pen.arc(...this.square.toScreen(x, y), diameter / 2, 0, TURN);
      pen.fill();
      if (weights) pen.stroke();
    });
    pen.globalAlpha = 1;
  }

  // What moves: the ellipse, its samples, the picture at its mean, and the numbers.
  overlay() {
    if (!this.square.side) return;
    const pen = this.square.pen(this.over);
    const { color } = this.data.hand;
    if (this.moved) {
      const { codes, weights } = weigh(this.q, this.data.units, this.joint);
      this.dots(pen, codes, weights, color);
      this.rings(pen, this.q, this.q.slice(2).map(Math.exp), color);
      this.count(weights);
    } else this.find(".numbers").textContent = "Drag the dot: it is the mean of q; its two arms are q\u2019s scales.";
    const [middle, ...ends] = this.handles();
    pen.strokeStyle = pen.fillStyle = color;
    pen.lineWidth = 1.5;
    for (const end of ends) (pen.beginPath(), pen.moveTo(...middle), pen.lineTo(...end), pen.stroke());
    for (const [place, radius] of [[middle, 9], ...ends.map((end) => [end, 6])]) {
      pen.beginPath();
      pen.arc(...place, radius, 0, TURN);
      pen.fill();
      pen.lineWidth = 2;
      pen.strokeStyle = "#fff";
      pen.stroke();
    }
    const figure = this.find("figure");
    figure.hidden = !this.network;
    const label = this.data.label === null ? [] : [this.data.label];
    if (this.network)
      paint(this.picture, this.network.run(Float32Array.of(this.q[0], this.q[1]), ...label).mean, this.data.shape);
  }

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
        const part = document.createElement("span");
        part.append(Object.assign(document.createElement("b"), { textContent: number }), ` ${what}`);
        return part;
      });
    this.find(".numbers").replaceChildren(...words);
  }

  explain() {
    const { outlines, hand, z } = this.data;
    const entries = [
      ["p(z|x)", z],
      ...outlines.map((each) => [each.name, each.color]),
      ...(hand.moved ? [[hand.name, hand.color]] : []),
    ];
    this.find(".legend").replaceChildren(
      ...entries.map(([name, color]) => {
        const entry = document.createElement("li");
        entry.textContent = name;
        entry.style.setProperty("--color", color);
        return entry;
      }),
    );
  }
}

const said = (value) => value.toFixed(2).replace("-", "\u2212");
const channels = (color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));

// The tails are seen, and the page's own colour where there is nothing.
function shade(share) {
  const stops = [
    [0, 0],
    [0.02, 0.1],
    [0.2, 0.38],
    [1, 0.95],
  ];
  const next = Math.max(
    1,
    stops.findIndex(([at]) => at >= share),
  );
  const [[a, from], [b, to]] = [stops[next - 1], stops[next]];
  return from + ((share - a) / (b - a)) * (to - from);
}

// 1, 2 or 5 times a power of ten.
function round(step) {
  const power = 10 ** Math.floor(Math.log10(step));
  return power * [1, 2, 5, 10].find((each) => each * power >= step * 0.999);
}

export function mountEllipse({ data, parentElement, setStateValue }) {
  let field = fields.get(parentElement);
  if (!field) {
    field = new Field(parentElement.querySelector(".ellipse"));
    fields.set(parentElement, field);
  }
  field.tell = (left) => setStateValue("left", left);
  field.update(data);
  return () => {
    clearTimeout(field.keyed);
    field.observer.disconnect();
    fields.delete(parentElement);
  };
}
