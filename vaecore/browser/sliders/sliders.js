// A slider for each number of a code. What moves it decodes here, at every move; Python hears of it once it has ended.
import { fetchNetwork } from "../fetching.js";
import { ARROWS } from "../keys.js";
import { clamp } from "../numbers.js";
import { paint } from "../picture.js";
import { codeAt } from "./quantiles.js";

const MIDDLE = 50;
const LOW = 1;
const HIGH = 99;
const SHOWN_NUMBERS = 12; // of a code, under its picture
const PAUSE = 30; // ms of moves that the server is told of together, where it decodes
const PATIENCE = 2000; // ms until the server is asked again, where no answer comes
const DRAWS = 10000; // draws that the server knows by their number
const LEG = 1600; // ms from one place of the animation to the next
const EDGES = [2, 98]; // percents that the whole plane shows
const CLOSEST = 3; // percents from one side of the plane to the other
const NEARER = 1.6; // at a button or a key
const FRAME = 12; // ms of decoding before the browser may draw
const wheels = new WeakMap();

class Wheel {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.percents = {};
    this.canvas = this.find("canvas");
    this.pad = this.find(".pad");
    this.find(".random").onclick = () => this.another();
    this.find(".reset").onclick = () => this.finish({});
    this.find(".animate").onclick = () => (this.motion ? this.finish() : this.animate());
    this.pad.onpointerdown = (event) => this.grasp(event);
    this.pad.onpointermove = (event) => this.dragging === event.pointerId && this.follow(event);
    this.pad.onpointerup = this.pad.onpointercancel = (event) => this.letGo(event);
    this.pad.onkeydown = (event) => this.walk(event);
    this.pad.onkeyup = (event) => event.key in ARROWS && this.finish();
    this.pad.onblur = () => this.keyed && this.finish();
    this.pad.onwheel = (event) => this.wheel(event);
    this.view = [EDGES, EDGES];
    this.find(".in").onclick = () => this.zoom(NEARER);
    this.find(".out").onclick = () => this.zoom(1 / NEARER);
    this.find(".whole").onclick = () => this.zoom(0);
    this.networks = new Map(); // of the models beside, by the address of their weights
  }

  // What Python knows: another model, other sliders, and where they stand, unless they are being moved.
  async update(data) {
    const before = this.data;
    this.data = data;
    const differs = (name) => JSON.stringify(before?.[name]) !== JSON.stringify(data[name]);
    const another = ["classes", "quantiles", "weights", "home"].some(differs);
    if (another) this.rest();
    if (differs("shown") || differs("names")) this.build();
    if (differs("classes")) this.offer();
    this.turn ??= data.turn;
    this.hear(data.turn);
    if (another || (!this.moving && data.turn >= this.turn)) {
      [this.percents, this.label] = [{ ...data.percents }, data.label];
    }
    this.find(".plane").hidden = !data.plane;
    this.root.classList.toggle("told", data.said !== undefined);
    this.root.classList.toggle("flat", Boolean(data.plane));
    if (data.plane) {
      this.find(".pad img").src = data.plane.address;
      this.find(".plane figcaption").textContent = data.plane.caption;
    }
    if (differs("weights") || (data.weights && !this.network)) {
      this.network = undefined; // on its way
      const network = await fetchNetwork(data.network, data.weights);
      if (this.data.weights !== data.weights) return; // another model has been chosen meanwhile
      this.network = network;
    }
    await this.gather();
    if (this.data !== data) return;
    this.find(".zoom").hidden = !(data.plane && this.network);
    if (another && data.plane) this.zoom(0);
    this.show();
    if (this.blind() && !data.picture) this.report();
    this.root.dataset.ready = "true";
  }

  // Whether the weights did not come: the server, which sends no pictures to those who decode, has to be told.
  blind() {
    return this.network === null && Boolean(this.data.weights);
  }

  // The models beside: a figure for each, once its decoder is there.
  async gather() {
    const asked = this.data.beside ?? [];
    for (const { network, weights } of asked) {
      if (!this.networks.has(weights)) this.networks.set(weights, await fetchNetwork(network, weights));
    }
    if ((this.data.beside ?? []) !== asked && this.data.beside) return; // others have been asked for meanwhile
    this.beside = asked
      .filter(({ weights }) => this.networks.get(weights))
      .map((each) => {
        const figure = document.createElement("figure");
        figure.innerHTML = `<canvas role="img"></canvas><figcaption></figcaption>`;
        const [canvas, caption] = figure.children;
        canvas.setAttribute("aria-label", `Decoded by ${each.name}`);
        caption.textContent = each.name;
        return { ...each, figure, canvas, network: this.networks.get(each.weights) };
      });
    this.find(".beside").replaceChildren(...this.beside.map(({ figure }) => figure));
  }

  build() {
    const rows = this.data.shown.map((index, i) => {
      const row = document.createElement("label");
      const step = this.data.said === undefined ? 0.1 : 1;
      row.innerHTML = `<span></span><span aria-hidden="true"></span><input type="range" min="${LOW}" max="${HIGH}" step="${step}">`;
      const [name, , input] = row.children;
      name.textContent = this.data.names[i];
      input.setAttribute("aria-label", this.data.names[i]);
      Object.assign(input, {
        oninput: () => (this.halt(), this.move({ ...this.percents, [index]: Number(input.value) })),
        onchange: () => this.finish(),
        onkeydown: (event) => this.nudge(event, index),
        onkeyup: (event) => event.key in NUDGES && this.finish(),
        onblur: () => this.keyed && this.finish(),
      });
      input.dataset.index = index;
      return row;
    });
    this.find(".rows").replaceChildren(...rows);
  }

  offer() {
    const buttons = this.data.classes.map((name, label) => {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", textContent: name });
      button.setAttribute("role", "radio");
      button.onclick = () => ((this.label = label), this.data.plane && this.spread(), this.finish());
      button.onkeydown = (event) => {
        const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
        if (!step) return;
        event.preventDefault();
        const next = buttons[(label + step + buttons.length) % buttons.length];
        next.focus();
        next.click();
      };
      return button;
    });
    this.find(".classes").replaceChildren(...buttons);
  }

  at(index) {
    return this.percents[index] ?? this.home(index);
  }

  // Where a slider stands that nobody has moved.
  home(index) {
    return this.data.home?.[index] ?? MIDDLE;
  }

  // The code of a model where the sliders stand, or at other percents.
  code({ middle, quantiles } = this.data, at = (index) => this.at(index)) {
    return codeAt(middle, quantiles, at);
  }

  told() {
    return this.label === null ? [] : [this.label];
  }

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
    else this.asked ??= setTimeout(() => this.report(), PAUSE);
  }

  hear(turn) {
    if (turn < this.turn) return; // the answer to an earlier question
    this.patience = 0;
    if (this.more && this.moving) this.ask();
    this.more = false;
  }

  halt() {
    this.motion = cancelAnimationFrame(this.motion);
  }

  // Nothing moves any more, and nothing is on its way to Python.
  rest() {
    this.halt();
    this.asked = clearTimeout(this.asked);
    this.moving = this.keyed = false;
    this.dragging = undefined;
  }

  // The end of a gesture, of which Python is told.
  finish(percents = this.percents) {
    this.halt();
    this.move(percents);
    this.rest();
    this.show();
    this.report();
  }

  // An answer to an earlier report, which comes after a later one, is known by its turn.
  report() {
    this.asked = clearTimeout(this.asked);
    const label = this.label === null ? null : this.data.classes[this.label];
    this.patience = performance.now() + PATIENCE;
    this.tell({
      percents: this.percents,
      label,
      turn: ++this.turn,
      moving: Boolean(this.moving),
      draw: this.drawn ?? null,
      blind: this.blind(),
    });
    this.drawn = undefined;
  }

  // Another code: drawn here, or known to the server by its number.
  another() {
    if (!this.data.home) return this.finish(this.draw());
    this.drawn = Math.floor(DRAWS * Math.random());
    this.finish({});
  }

  draw() {
    const even = () => Math.round(LOW + Math.random() * (HIGH - LOW));
    return Object.fromEntries(Object.keys(this.data.home ?? this.data.quantiles).map((index) => [index, even()]));
  }

  nudge(event, index) {
    const step = NUDGES[event.key];
    if (!step) return;
    event.preventDefault();
    this.halt();
    this.keyed = true; // until the key is up, or the focus goes elsewhere
    this.move({ ...this.percents, [index]: inRange(Math.round(this.at(index)) + step) });
  }

  walk(event) {
    if (this.network && (event.key === "+" || event.key === "-"))
      return this.zoom(event.key === "+" ? NEARER : 1 / NEARER);
    const step = ARROWS[event.key];
    if (!step) return;
    event.preventDefault();
    this.halt();
    this.keyed = true;
    this.move({ 0: inRange(this.at(0) + step[0]), 1: inRange(this.at(1) + step[1]) });
  }

  grasp(event) {
    if (this.dragging !== undefined || event.button !== 0) return;
    this.halt();
    this.dragging = event.pointerId;
    this.pad.setPointerCapture(event.pointerId);
    this.follow(event);
  }

  follow(event) {
    const [first, second] = this.under(event);
    this.move({ 0: inRange(Math.round(10 * first) / 10), 1: inRange(Math.round(10 * second) / 10) });
  }

  // The percents at a place of the plane: its outermost images stand in the middle of their cells.
  under(event) {
    const box = this.pad.getBoundingClientRect();
    const { side } = this.data.plane;
    const shares = [(event.clientX - box.left) / box.width, (box.bottom - event.clientY) / box.height];
    return shares.map((share, axis) => {
      const [low, high] = this.view[axis];
      return low + ((high - low) * (share * side - 0.5)) / (side - 1);
    });
  }

  wheel(event) {
    if (!this.network) return;
    event.preventDefault();
    this.zoom(event.deltaY < 0 ? 1.25 : 0.8, this.under(event));
  }

  // Show less of the plane, or more of it, around a place that stays where it is; a factor of 0 shows the whole.
  zoom(factor, around = [this.at(0), this.at(1)]) {
    const [least, most] = EDGES;
    this.view = this.view.map(([low, high], axis) => {
      const span = factor ? Math.min(most - least, Math.max(CLOSEST, (high - low) / factor)) : most - least;
      const place = Math.min(high, Math.max(low, around[axis]));
      const share = (place - low) / (high - low);
      const start = Math.min(most - span, Math.max(least, place - share * span));
      return [start, start + span];
    });
    this.spread();
    this.show();
  }

  // Decode the part of the plane that is shown, a row at a time; of the whole there is a picture.
  spread() {
    cancelAnimationFrame(this.spreading);
    const sheet = this.find(".pad canvas");
    const { side } = this.data.plane;
    const [, height, width] = this.data.shape;
    sheet.hidden = this.view.every(([low, high]) => high - low >= EDGES[1] - EDGES[0]);
    if (sheet.hidden || !this.network) return;
    Object.assign(sheet, { width: side * width, height: side * height });
    const pen = sheet.getContext("2d");
    const cell = document.createElement("canvas");
    const at = (axis, i) => this.view[axis][0] + ((this.view[axis][1] - this.view[axis][0]) * i) / (side - 1);
    let done = 0;
    const some = () => {
      for (const begun = performance.now(); done < side * side && performance.now() - begun < FRAME; done++) {
        const column = done % side;
        const row = Math.floor(done / side);
        const place = [at(0, column), at(1, side - 1 - row)];
        paint(
          cell,
          this.network.run(
            this.code(this.data, (index) => place[index]),
            ...this.told(),
          ).mean,
          this.data.shape,
        );
        pen.drawImage(cell, column * width, row * height);
      }
      if (done < side * side) this.spreading = requestAnimationFrame(some);
    };
    some();
  }

  letGo(event) {
    if (event.pointerId !== this.dragging) return;
    this.dragging = undefined;
    this.finish();
  }

  // From draw to draw, slow at both ends.
  animate() {
    let from = this.percents;
    let to = this.draw();
    let begun = performance.now();
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
    const code = this.code();
    for (const row of this.find(".rows").children) {
      const [, value, input] = row.children;
      const percent = this.at(input.dataset.index);
      input.value = percent;
      input.setAttribute("aria-valuetext", `${Math.round(percent)} %`);
      input.style.setProperty("--at", `${((percent - LOW) / (HIGH - LOW)) * 100}%`);
      value.textContent = `${Math.round(percent)} %`;
    }
    [...this.find(".classes").children].forEach((button, label) => {
      button.setAttribute("aria-checked", label === this.label);
      button.tabIndex = label === this.label ? 0 : -1;
    });
    this.find(".animate").textContent = this.motion ? "Stop" : "Animate";
    this.find(".animate").setAttribute("aria-pressed", Boolean(this.motion));
    if (this.data.said !== undefined) return this.say(this.data.said);
    const numbers = [...code.slice(0, SHOWN_NUMBERS)].map((value) => value.toFixed(2)).join(", ");
    this.find(".decoded figcaption").textContent = `z = (${numbers}${code.length > SHOWN_NUMBERS ? ", ..." : ""})`;
    if (this.data.plane) {
      const share = (index) => (this.at(index) - this.view[index][0]) / (this.view[index][1] - this.view[index][0]);
      const place = (index) => `${(100 * (share(index) * (this.data.plane.side - 1) + 0.5)) / this.data.plane.side}%`;
      Object.assign(this.find(".pad i").style, { left: place(0), bottom: place(1) });
    }
    for (const each of this.beside ?? []) {
      paint(each.canvas, each.network.run(this.code(each), ...(each.told ? this.told() : [])).mean, this.data.shape);
    }
    if (this.network) paint(this.canvas, this.network.run(code, ...this.told()).mean, this.data.shape);
    else if (this.network === null && this.data.picture) paint(this.canvas, this.data.picture, this.data.shape);
  }

  // A text in place of a picture, as the server wrote it; the characters that were others before are marked.
  say(said) {
    if (this.said === said) return;
    const place = this.find(".said");
    const characters = () => [...place.querySelectorAll(".vc-own [data-character]")];
    const before = characters().map((each) => each.dataset.character);
    place.innerHTML = this.said = said;
    characters().forEach((each, i) =>
      each.classList.toggle("vc-new", before.length > 0 && each.dataset.character !== before[i]),
    );
  }
}

const NUDGES = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 };
const inRange = (percent) => clamp(percent, LOW, HIGH);

export function mountSliders({ data, parentElement, setStateValue }) {
  let wheel = wheels.get(parentElement);
  if (!wheel) {
    wheel = new Wheel(parentElement.querySelector(".sliders"));
    wheels.set(parentElement, wheel);
  }
  wheel.tell = (stand) => setStateValue("stand", stand);
  wheel.update(data);
  return () => {
    wheel.rest();
    wheels.delete(parentElement);
  };
}
