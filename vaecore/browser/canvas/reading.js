import { one } from "../dom.js";
import { prepareDrawing } from "../drawing.js";
import { fetchNetwork } from "../fetching.js";
import { clamp } from "../numbers.js";
import { paint, penOf } from "../picture.js";

/** @import { Stroke } from "../drawing.js" */
/** @import { Network } from "../network.js" */
/** @import { CanvasData } from "./canvas.js" */

/**
 * What is said of a drawing to whoever listens in the same page: who reads it, its code, its place on a map of PCA.
 *
 * @typedef {{ model: string, code: Float32Array | null, pca: Float32Array | null }} Told
 */
/** @typedef {Record<string, Network | null>} Networks - By name; null where the page has it not. */

const SAID_NUMBERS = 4; // of a code
const CHART = 480; // pixels of the side of the bars' picture
const WIDEST = 48; // pixels of a bar, at most

// What a model makes of a drawing: the image that it sees, its code, its reconstruction; anew in every frame, and told to
// whoever listens in the same page. Components cannot reach into each other, so the window carries it.
export class Reading {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    /** @type {CanvasData | null} */
    this.data = null;
    /** @type {Networks} */
    this.networks = {};
    /** @type {Stroke[]} */
    this.strokes = [];
    /** @type {number | null} The class that the model is told. */
    this.label = null;
    this.frame = 0; // that is waited for
    this.tell = () => this.data && dispatchEvent(new CustomEvent("vaecore:code", { detail: this.told }));
    addEventListener("vaecore:maps", this.tell); // maps that came later ask for what was said before
  }

  /**
   * The networks of another model or class: they are there before anything is read by them.
   *
   * @param {CanvasData} data
   * @returns {Promise<Networks>}
   */
  async fetch(data) {
    const { data: before, networks } = this;
    const names = Object.keys(data.networks);
    const found = await Promise.all(
      names.map((name) =>
        networks[name] && before?.weights[name] === data.weights[name]
          ? networks[name]
          : fetchNetwork(data.networks[name], data.weights[name]),
      ),
    );
    return Object.fromEntries(names.map((name, i) => [name, found[i]]));
  }

  /**
   * Read by other networks.
   *
   * @param {CanvasData} data
   * @param {Networks} networks
   */
  take(data, networks) {
    [this.data, this.networks] = [data, networks];
    this.read(this.strokes, true);
    this.root.dataset.ready = "true";
  }

  /**
   * Read what is being drawn, at most once a frame.
   *
   * @param {Stroke[]} strokes
   */
  follow(strokes) {
    this.strokes = strokes;
    this.frame ||= requestAnimationFrame(() => this.read(this.strokes));
  }

  /**
   * @param {Stroke[]} strokes
   * @param {boolean} known - Whether Python knows them: its word on their class then counts for more than the guess here.
   */
  read(strokes, known = false) {
    this.forget();
    this.strokes = strokes;
    if (!this.data) return;
    const { shape, model } = this.data;
    const image = strokes.length ? prepareDrawing(strokes, shape) : null;
    this.label = image && this.classify(this.data, image, known);
    const code = image && this.encode(this.data, image);
    const pca = image && code && this.networks.projection ? this.networks.projection.run(image).mean.slice() : null;
    /** @type {Told} */
    this.told = { model, code, pca };
    this.show(this.data, image, code);
    this.tell();
  }

  // Nothing is to be read in the next frame.
  forget() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  }

  /**
   * What a conditional model is told: the class that was chosen, or that Python has found; until then the one as which
   * the drawing is reconstructed best.
   *
   * @param {CanvasData} data
   * @param {Float32Array} image
   * @param {boolean} known
   */
  classify({ classes, told, chosen }, image, known) {
    const { encoder, decoder } = this.networks;
    if (!classes.length) return null;
    if ((told !== null && (chosen || known)) || !encoder || !decoder) return told;
    const errors = classes.map((_, label) => {
      const made = decoder.run(encoder.run(image, label).mean, label).mean;
      return made.reduce((sum, pixel, i) => sum + (pixel - image[i]) ** 2, 0);
    });
    return errors.indexOf(Math.min(...errors));
  }

  /**
   * @param {CanvasData} data
   * @param {Float32Array} image
   */
  encode({ answer }, image) {
    if (this.networks.encoder) return this.networks.encoder.run(image, ...this.given()).mean.slice();
    return answer ? Float32Array.from(answer.code) : null; // the server reads each stroke as it ends
  }

  /**
   * @param {CanvasData} data
   * @param {Float32Array} code
   */
  decode({ answer }, code) {
    if (this.networks.decoder) return this.networks.decoder.run(code, ...this.given()).mean;
    return answer?.picture;
  }

  given() {
    return this.label === null ? [] : [this.label];
  }

  /**
   * @param {CanvasData} data
   * @param {Float32Array | null} image
   * @param {Float32Array | null} code
   */
  show(data, image, code) {
    const { shape, classes } = data;
    const blank = new Float32Array(shape[0] * shape[1] * shape[2]);
    this.root.classList.toggle("empty", !image);
    paint(one(this.root, ".seen canvas", HTMLCanvasElement), image ?? blank, shape);
    paint(one(this.root, ".made canvas", HTMLCanvasElement), (code && this.decode(data, code)) ?? blank, shape);
    const name = code && this.label !== null ? ` as ${classes[this.label]}` : "";
    one(this.root, ".made figcaption", HTMLElement).textContent = `Decoded${name}`;
    this.bars(data, code);
    const numbers = Array.from(code ?? [], (value) => value.toFixed(2)).slice(0, SAID_NUMBERS);
    const more = code && code.length > SAID_NUMBERS ? ", ..." : "";
    const said = code ? `Its code (${numbers.join(", ")}${more})` : "Its code";
    one(this.root, ".code figcaption", HTMLElement).textContent = said;
  }

  /**
   * The numbers of the code, up and down from zero; the scale is what the codes of the training images reach.
   *
   * @param {CanvasData} data
   * @param {Float32Array | null} code
   */
  bars({ latent, reach }, code) {
    const canvas = one(this.root, ".code canvas", HTMLCanvasElement);
    canvas.width = canvas.height = CHART;
    const pen = penOf(canvas);
    const style = getComputedStyle(this.root);
    const [place, middle] = [CHART / latent, CHART / 2];
    const wide = Math.min(0.75 * place, WIDEST);
    pen.fillStyle = style.color;
    pen.globalAlpha = 0.4;
    pen.fillRect(0, middle - 2, CHART, 4);
    pen.globalAlpha = 1;
    pen.fillStyle = style.getPropertyValue("--vc-z");
    code?.forEach((value, i) => {
      const high = middle * clamp(value / reach, -1, 1);
      pen.fillRect((i + 0.5) * place - wide / 2, middle - Math.max(high, 0), wide, Math.abs(high));
    });
  }

  leave() {
    this.forget();
    removeEventListener("vaecore:maps", this.tell);
    if (this.told) dispatchEvent(new CustomEvent("vaecore:code", { detail: { ...this.told, code: null } }));
  }
}
