// What a model makes of a drawing: the image that it sees, its code, its reconstruction; anew in every frame, and told to
// whoever listens in the same page. Components cannot reach into each other, so the window carries it.
import { prepareDrawing } from "../drawing.js";
import { fetchNetwork } from "../fetching.js";
import { paint } from "../picture.js";

const SAID_NUMBERS = 4; // of a code
const CHART = 480; // pixels of the side of the bars' picture
const WIDEST = 48; // pixels of a bar, at most

export class Reading {
  constructor(root) {
    this.find = (selector) => root.querySelector(selector);
    this.root = root;
    this.networks = {};
    this.strokes = [];
    this.tell = () => this.data && dispatchEvent(new CustomEvent("vaecore:code", { detail: this.told }));
    addEventListener("vaecore:maps", this.tell); // maps that came later ask for what was said before
  }

  // Another model or class: its networks are there before anything is read by them.
  async update(data) {
    this.asked = data;
    const { data: before, networks } = this;
    const names = Object.keys(data.networks);
    const found = await Promise.all(
      names.map((name) =>
        networks[name] && before.weights[name] === data.weights[name]
          ? networks[name]
          : fetchNetwork(data.networks[name], data.weights[name]),
      ),
    );
    if (this.asked !== data) return;
    this.data = data;
    this.networks = Object.fromEntries(names.map((name, i) => [name, found[i]]));
    this.read(this.strokes, true);
    this.root.dataset.ready = "true";
  }

  // At most once a frame, while a stroke goes on.
  follow(strokes) {
    this.strokes = strokes;
    this.frame ??= requestAnimationFrame(() => this.read(this.strokes));
  }

  // Whether Python knows these strokes: its word on their class then counts for more than the guess here.
  read(strokes, known = false) {
    this.frame = cancelAnimationFrame(this.frame);
    this.strokes = strokes;
    if (!this.data) return;
    const { shape, model } = this.data;
    const image = strokes.length ? prepareDrawing(strokes, shape) : null;
    this.label = image && this.classify(image, known);
    const code = image && this.encode(image);
    const pca = code && this.networks.projection ? this.networks.projection.run(image).mean.slice() : null;
    this.told = { model, code, pca };
    this.show(image, code);
    this.tell();
  }

  // What a conditional model is told: the class that was chosen, or that Python has found; until then the one as which
  // the drawing is reconstructed best.
  classify(image, known) {
    const { classes, told, chosen } = this.data;
    if (!classes.length) return [];
    if (told !== null && (chosen || known)) return [told];
    if (!this.networks.encoder || !this.networks.decoder) return [told];
    const errors = classes.map((_, label) => {
      const code = this.networks.encoder.run(image, label).mean;
      return this.networks.decoder.run(code, label).mean.reduce((sum, pixel, i) => sum + (pixel - image[i]) ** 2, 0);
    });
    return [errors.indexOf(Math.min(...errors))];
  }

  encode(image) {
    if (this.networks.encoder) return this.networks.encoder.run(image, ...this.label).mean.slice();
    return this.data.answer ? Float32Array.from(this.data.answer.code) : null; // the server reads each stroke as it ends
  }

  decode(code) {
    if (this.networks.decoder) return this.networks.decoder.run(code, ...this.label).mean;
    return this.data.answer?.picture;
  }

  show(image, code) {
    const { shape } = this.data;
    const blank = new Float32Array(shape[0] * shape[1] * shape[2]);
    this.root.classList.toggle("empty", !image);
    paint(this.find(".seen canvas"), image ?? blank, shape);
    paint(this.find(".made canvas"), (code && this.decode(code)) ?? blank, shape);
    const name = code && this.data.classes[this.label[0]];
    this.find(".made figcaption").textContent = name ? `Decoded as ${name}` : "Decoded";
    this.bars(code);
    const numbers = [...(code ?? []).slice(0, SAID_NUMBERS)].map((value) => value.toFixed(2)).join(", ");
    const more = code?.length > SAID_NUMBERS ? ", ..." : "";
    this.find(".code figcaption").textContent = code ? `Its code (${numbers}${more})` : "Its code";
  }

  // The numbers of the code, up and down from zero; the scale is what the codes of the training images reach.
  bars(code) {
    const canvas = this.find(".code canvas");
    const { latent, reach } = this.data;
    canvas.width = canvas.height = CHART;
    const pen = canvas.getContext("2d");
    const style = getComputedStyle(this.root);
    const [place, middle] = [CHART / latent, CHART / 2];
    const wide = Math.min(0.75 * place, WIDEST);
    pen.fillStyle = style.color;
    pen.globalAlpha = 0.4;
    pen.fillRect(0, middle - 2, CHART, 4);
    pen.globalAlpha = 1;
    pen.fillStyle = style.getPropertyValue("--vc-z") || "#8a63d2";
    (code ?? []).forEach((value, i) => {
      const high = middle * Math.max(-1, Math.min(1, value / reach));
      pen.fillRect((i + 0.5) * place - wide / 2, middle - Math.max(high, 0), wide, Math.abs(high));
    });
  }

  leave() {
    cancelAnimationFrame(this.frame);
    removeEventListener("vaecore:maps", this.tell);
    if (this.told) dispatchEvent(new CustomEvent("vaecore:code", { detail: { ...this.told, code: null } }));
  }
}
