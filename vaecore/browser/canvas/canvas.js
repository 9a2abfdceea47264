import { Component, mounting } from "../component.js";
import { Pad } from "./pad.js";
import { Reading } from "./reading.js";

/** @import { Described, Shape } from "../network.js" */
/** @import { Stroke } from "../drawing.js" */

/**
 * What Python sends of a drawing and of the model that reads it.
 *
 * @typedef {object} CanvasData
 * @property {Stroke[]} strokes - What is drawn; counts at first alone.
 * @property {string} hint
 * @property {string} model - Its name, by which the maps on the same page know it.
 * @property {Shape} shape
 * @property {number} latent
 * @property {number} reach - The largest number of a code that is usual.
 * @property {Record<string, Described | null>} networks - "encoder" and "decoder", and "projection" on a map of PCA.
 * @property {Record<string, string | null>} weights - Their addresses.
 * @property {string[]} classes - Of which the model is told one.
 * @property {number | null} told - Which.
 * @property {boolean} chosen - Whether somebody chose that.
 * @property {Answer | null} answer
 */
/** @typedef {{ code: number[], picture: number[] }} Answer - What the server makes of the strokes. */

const KEYS = "arrow keys move the pen, the space bar sets it down and lifts it, Backspace takes a stroke back";

/**
 * A canvas to draw on, and what a model makes of what is drawn.
 *
 * @extends {Component<CanvasData>}
 */
class Drawing extends Component {
  /** @param {HTMLElement} root */
  constructor(root) {
    super(root);
    this.reading = new Reading(this.find(".reading"));
    /** @type {Pad | null} */
    this.pad = null;
  }

  /**
   * @override
   * @param {CanvasData} data
   */
  async update(data) {
    const { reading } = this;
    // Once: what Python knows is later than nothing that was drawn since.
    this.pad ??= new Pad(this.find(".pad"), data.strokes, reading, (strokes) => this.send("strokes", strokes));
    this.pad.canvas.setAttribute("aria-label", `${data.hint}: ${KEYS}`);
    this.find(".hint").textContent = data.hint;
    const networks = await reading.fetch(data);
    if (!this.isReplaced(data)) reading.take(data, networks);
  }

  /** @override */
  leave() {
    this.reading.leave();
  }
}

export const mountCanvas = mounting(".drawing", Drawing);
