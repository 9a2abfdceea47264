// A slider for each number of a code. What moves it decodes here, at every move; Python hears of it once it has ended.
const MIDDLE = 50, LOW = 1, HIGH = 99;
const SHOWN_NUMBERS = 12; // of a code, under its picture
const PAUSE = 80; // ms between two pictures that the server decodes
const STEP = 1600; // ms from one place of the animation to the next
const wheels = new WeakMap();

class Wheel {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.percents = {};
    this.canvas = this.find("canvas");
    this.pad = this.find(".pad");
    this.find(".random").onclick = () => this.finish(this.draw());
    this.find(".reset").onclick = () => this.finish({});
    this.find(".animate").onclick = () => (this.motion ? this.finish() : this.animate());
    this.pad.onpointerdown = (event) => this.grasp(event);
    this.pad.onpointermove = (event) => this.dragging === event.pointerId && this.follow(event);
    this.pad.onpointerup = this.pad.onpointercancel = (event) => this.letGo(event);
    this.pad.onkeydown = (event) => this.walk(event);
    this.pad.onkeyup = (event) => event.key in ARROWS && this.finish();
    this.pad.onblur = () => this.keyed && this.finish();
  }

  // What Python knows: another model, other sliders, and where they stand, unless they are being moved.
  async update(data) {
    const before = this.data;
    this.data = data;
    const differs = (name) => JSON.stringify(before?.[name]) !== JSON.stringify(data[name]);
    const another = differs("classes") || differs("quantiles") || differs("weights");
    if (another) this.rest();
    if (differs("shown") || differs("names")) this.build();
    if (differs("classes")) this.offer();
    this.turn ??= data.turn;
    if (another || (!this.moving && data.turn >= this.turn)) {
      [this.percents, this.label] = [{ ...data.percents }, data.label];
    }
    this.find(".plane").hidden = !data.plane;
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
    this.show();
    this.root.dataset.ready = "true";
  }

  build() {
    const rows = this.data.shown.map((index, i) => {
      const row = document.createElement("label");
      row.innerHTML = `<span></span><span aria-hidden="true"></span><input type="range" min="${LOW}" max="${HIGH}" step="0.1">`;
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
      button.onclick = () => ((this.label = label), this.finish());
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
    return this.percents[index] ?? MIDDLE;
  }

  code() {
    const code = Float32Array.from(this.data.middle);
    for (const [index, column] of Object.entries(this.data.quantiles)) {
      const below = Math.floor(this.at(index)), share = this.at(index) - below;
      code[index] = (1 - share) * column[below] + share * column[below + 1];
    }
    return code;
  }

  move(percents) {
    this.moving = true;
    this.percents = Object.fromEntries(Object.entries(percents).filter(([, percent]) => percent !== MIDDLE));
    this.show();
    if (this.network === null) this.asked ??= setTimeout(() => this.report(), PAUSE); // the server decodes, at its pace
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
    this.tell({ percents: this.percents, label, turn: ++this.turn });
  }

  draw() {
    const even = () => Math.round(LOW + Math.random() * (HIGH - LOW));
    return Object.fromEntries(Object.keys(this.data.quantiles).map((index) => [index, even()]));
  }

  nudge(event, index) {
    const step = NUDGES[event.key];
    if (!step) return;
    event.preventDefault();
    this.halt();
    this.keyed = true; // until the key is up, or the focus goes elsewhere
    this.move({ ...this.percents, [index]: clamp(Math.round(this.at(index)) + step) });
  }

  walk(event) {
    const step = ARROWS[event.key];
    if (!step) return;
    event.preventDefault();
    this.halt();
    this.keyed = true;
    this.move({ 0: clamp(this.at(0) + step[0]), 1: clamp(this.at(1) + step[1]) });
  }

  grasp(event) {
    if (this.dragging !== undefined || event.button !== 0) return;
    this.halt();
    this.dragging = event.pointerId;
    this.pad.setPointerCapture(event.pointerId);
    this.follow(event);
  }

  follow(event) {
    const box = this.pad.getBoundingClientRect(), { side } = this.data.plane;
    const percent = (share) => clamp(Math.round(10 * (2 + (96 * (share * side - 0.5)) / (side - 1))) / 10);
    const up = (box.bottom - event.clientY) / box.height;
    this.move({ 0: percent((event.clientX - box.left) / box.width), 1: percent(up) });
  }

  letGo(event) {
    if (event.pointerId !== this.dragging) return;
    this.dragging = undefined;
    this.finish();
  }

  // From draw to draw, slow at both ends.
  animate() {
    let from = this.percents, to = this.draw(), begun = performance.now();
    const frame = (now) => {
      if (now - begun > STEP) [from, to, begun] = [to, this.draw(), now];
      const share = (1 - Math.cos((Math.PI * Math.max(0, now - begun)) / STEP)) / 2;
      const between = Object.keys(to).map((index) => {
        const [start, end] = [from[index] ?? MIDDLE, to[index]];
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
      const [, value, input] = row.children, percent = this.at(input.dataset.index);
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
    const numbers = [...code.slice(0, SHOWN_NUMBERS)].map((value) => value.toFixed(2)).join(", ");
    this.find(".decoded figcaption").textContent = `z = (${numbers}${code.length > SHOWN_NUMBERS ? ", ..." : ""})`;
    if (this.data.plane) {
      const place = (index) => `${(100 * (((this.at(index) - 2) / 96) * (this.data.plane.side - 1) + 0.5)) / this.data.plane.side}%`;
      Object.assign(this.find(".pad i").style, { left: place(0), bottom: place(1) });
    }
    if (this.network) paint(this.canvas, this.network.run(code, ...(this.label === null ? [] : [this.label])).mean, this.data.shape);
    else if (this.network === null) paint(this.canvas, this.data.picture, this.data.shape);
  }
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const NUDGES = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 };
const clamp = (percent) => Math.min(HIGH, Math.max(LOW, percent));

export default function ({ data, parentElement, setStateValue }) {
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
