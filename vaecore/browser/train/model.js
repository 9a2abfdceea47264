// A model of vaecore.models on batches: its loss, forwards and backwards, in memory that is taken once.
import { lay, visit } from "./laying.js";
import { Arena } from "./memory.js";
import { KINDS } from "./objectives.js";
import { DRAWN, fillNormal, fillUniform, keyOf, uniform } from "./random.js";

/** @import { Build } from "./laying.js" */
/** @import { Matrix } from "./memory.js" */
/** @import { OwnNumbers } from "./objectives.js" */
/** @import { Key } from "./random.js" */

/** @type {OwnNumbers} */
const NEUTRAL = { beta: 1, annealed: 1, corruption: "none", level: 0, sparsity: 0, activity: 0.05, contraction: 0 };

export class Model {
  /**
   * @param {Build} build
   * @param {number} batch - The most rows at once.
   */
  constructor(build, batch, plain = false) {
    const needed = new Arena(0);
    lay(needed, build, batch);
    const arena = new Arena(needed.used, plain);
    const laid = lay(arena, build, batch);
    this.kernel = arena.kernel;
    this.build = build;
    this.batch = batch;
    this.kind = KINDS[build.model];
    this.parameters = laid.parameters;
    this.flat = laid.flat;
    this.seen = laid.x;
    this.image = laid.image;
    this.noise = laid.noise;
    this.mean = laid.mean;
    this.said = laid.said;
    this.code = laid.code;
    this.z = laid.z;
    this.encoder = laid.encoder;
    this.decoder = laid.decoder;
    this.sampled = laid.sampled;
    this.distortion = laid.distortion;
    this.own = { ...NEUTRAL };
    this.terms = { distortion: 0, other: 0 }; // sums over the last batch
  }

  /** Whether its code is drawn. */
  get isVariational() {
    return this.sampled !== null;
  }

  /** Whether its encoder is shown a damaged image. */
  get isCorrupted() {
    return this.build.model === "denoising" && this.own.corruption !== "none";
  }

  /**
   * Start as torch does: even within 1 / sqrt(inputs), a tied decoder's biases at zero; the decoder at the mean image.
   *
   * @param {number} seed
   * @param {ArrayLike<number>} mean
   */
  start(seed, mean) {
    let inputs = 1;
    this.parameters.forEach(({ name, shape, out }, index) => {
      const key = keyOf(seed, DRAWN.start, index);
      if (shape.length === 2) inputs = shape[1];
      const far = shape.length && !name.includes("biases") ? 1 / Math.sqrt(inputs) : 0;
      visit(out, shape, (at, place) => (out.data[at] = far * (2 * uniform(key, place) - 1)));
    });
    const last = this.parameters.findLast(({ name }) => name.startsWith("decoder") && name.includes("bias"));
    const squeezed = this.build.model !== "linear" && !this.scaled;
    if (last) for (let i = 0; i < this.build.pixels; i++) last.out.data[i] = squeezed ? logit(mean[i]) : mean[i];
  }

  /** Whether a pixel is Gaussian, with a scale that is learned. */
  get scaled() {
    return this.isVariational && this.build.likelihood === "gaussian";
  }

  /**
   * Draw the noise of a step.
   *
   * @param {Key} key
   * @param {number} rows
   */
  draw(key, rows) {
    const { data, width, stride } = this.noise;
    if (!this.isVariational && !this.isCorrupted) return;
    const fill = this.isVariational || this.own.corruption === "gaussian" ? fillNormal : fillUniform;
    fill(data, rows * width, key);
    if (stride > width) for (let r = rows - 1; r > 0; r--) data.copyWithin(r * stride, r * width, (r + 1) * width);
  }

  /**
   * Show the encoder the images, damaged as the settings say, and encoder and decoder their classes.
   *
   * @param {number} rows
   * @param {ArrayLike<number>} labels
   */
  show(rows, labels) {
    const [seen, image, noise] = [this.seen.out, this.image, this.noise];
    const { corruption, level } = this.own;
    for (let r = 0; r < rows; r++) {
      for (let i = 0; i < image.width; i++) {
        const x = image.data[r * image.stride + i];
        seen.data[r * seen.stride + i] = this.isCorrupted
          ? damaged(x, corruption, level, noise.data[r * noise.stride + i])
          : x;
      }
    }
    if (this.kind.told) {
      tell(seen, image.width, labels, rows);
      tell(this.z.out, this.build.latent, labels, rows);
    }
  }

  /**
   * The sums of the terms over the rows that are shown; of the code's mean if it is not to be drawn.
   *
   * @param {number} rows
   */
  forward(rows, drawn = true) {
    this.flat.grads.fill(0);
    for (const step of this.encoder) step.forward(rows);
    if (!drawn) this.settle(rows);
    this.terms.other = this.sampled && drawn ? this.price * this.sampled.forward(rows) : 0;
    for (const step of this.decoder) step.forward(rows);
    this.terms.distortion = this.distortion(this.said, this.image, this.mean, rows, 1 / rows);
    return this.terms;
  }

  /**
   * The same without a gradient, and with the term that the code itself brings.
   *
   * @param {number} rows
   */
  judge(rows, drawn = true) {
    this.forward(rows, drawn);
    const { penalty } = this.kind;
    if (penalty) this.terms.other = penalty(this.code, this.parameters[0], this.own, rows, 0);
    return this.terms;
  }

  get price() {
    return this.own.beta * this.own.annealed;
  }

  /**
   * The gradient of the terms' mean over the rows, and the term that the code itself brings.
   *
   * @param {number} rows
   */
  backward(rows) {
    for (let i = this.decoder.length - 1; i >= 0; i--) this.decoder[i].backward(rows);
    if (this.sampled) this.sampled.backward(rows, this.price / rows);
    const { penalty } = this.kind;
    if (penalty) this.terms.other = penalty(this.code, this.parameters[0], this.own, rows, 1 / rows);
    for (let i = this.encoder.length - 1; i >= 0; i--) this.encoder[i].backward(rows);
  }

  /**
   * Codes of the rows that are shown: the mean of each, in `z`.
   *
   * @param {number} rows
   */
  encode(rows) {
    for (const step of this.encoder) step.forward(rows);
    this.settle(rows);
  }

  /**
   * The mean as the code.
   *
   * @param {number} rows
   */
  settle(rows) {
    if (!this.sampled) return;
    const [told, z] = [this.code.out, this.z.out];
    for (let r = 0; r < rows; r++) {
      for (let i = 0; i < this.build.latent; i++) z.data[r * z.stride + i] = told.data[r * told.stride + i];
    }
  }

  /**
   * The images of the codes in `z`, in `mean`.
   *
   * @param {number} rows
   */
  decode(rows) {
    for (const step of this.decoder) step.forward(rows);
    this.distortion(this.said, this.image, this.mean, rows, 0);
  }
}

/**
 * A pixel as the noise leaves it; see vaecore/corruption.py.
 *
 * @param {number} x
 * @param {string} corruption
 * @param {number} level
 * @param {number} noise - Even on [0, 1), or from N(0, 1).
 */
function damaged(x, corruption, level, noise) {
  if (corruption === "gaussian") return x + level * noise;
  if (noise >= level) return x;
  return corruption === "salt and pepper" && noise < level / 2 ? 1 : 0;
}

/**
 * Write the classes of the rows behind their first numbers: a one in the column of each.
 *
 * @param {Matrix} value
 * @param {number} before
 * @param {ArrayLike<number>} labels
 * @param {number} rows
 */
function tell({ data, width, stride }, before, labels, rows) {
  for (let r = 0; r < rows; r++) {
    data.fill(0, r * stride + before, r * stride + width);
    data[r * stride + before + labels[r]] = 1;
  }
}

/** @param {number} share */
function logit(share) {
  const inside = Math.min(Math.max(share, 1e-3), 1 - 1e-3);
  return Math.log(inside / (1 - inside));
}
