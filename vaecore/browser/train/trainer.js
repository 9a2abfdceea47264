// The loop: batches in an order of each epoch's own, a step down the gradient, and what is kept to go back to.
import { visit } from "./laying.js";
import { Model } from "./model.js";
import { DRAWN, keyOf, shuffle } from "./random.js";

/** @import { State } from "./folder.js" */
/** @import { Build } from "./laying.js" */
/**
 * Images: of whole numbers in 0 to 255, or of floats.
 *
 * @typedef {object} Examples
 * @property {Uint8Array | Float32Array} pixels - Image by image.
 * @property {Uint8Array} labels
 */
/**
 * How the parameters are found, all of which acts at once.
 *
 * @typedef {object} Descent
 * @property {number} batch
 * @property {number} rate - The learning rate.
 * @property {number} decay - AdamW's weight decay.
 * @property {number} clip - Largest norm of the gradient.
 * @property {[number, number]} betas
 */
/**
 * Where a training stands: what it takes to go on from there, number for number.
 *
 * @typedef {object} Moment
 * @property {number} step
 * @property {number} epoch
 * @property {number} used - Images of this epoch that have been used.
 * @property {Float32Array} values
 * @property {Float32Array} first
 * @property {Float32Array} second
 */

const LARGEST_BATCH = 256;
const EPSILON = 1e-8;

/** @type {Descent} As vaecore's recipes have it. */
const USUAL = { batch: 64, rate: 1e-3, decay: 0, clip: 10, betas: [0.9, 0.99] };

export class Trainer {
  /**
   * @param {Build} build
   * @param {Examples} training
   * @param {number} seed
   */
  constructor(build, training, seed, plain = false) {
    this.model = new Model(build, LARGEST_BATCH, plain);
    this.training = training;
    this.seed = seed;
    this.count = training.labels.length;
    this.descent = { ...USUAL };
    this.order = new Uint32Array(this.count);
    this.labels = new Uint8Array(LARGEST_BATCH);
    this.greys = Float32Array.from({ length: 256 }, (_, i) => i / 255);
    this.step = 0; // taken
    this.epoch = 0; // done
    this.used = 0; // images of this epoch
    /** @type {Float32Array[]} The codes' principal components, as they were last seen. */
    this.axes = [0, 1].map((a) => Float32Array.from({ length: build.latent }, (_, i) => Math.cos(3 * i + a)));
    this.sums = { distortion: 0, other: 0, images: 0 }; // of this epoch
    this.model.start(seed, meanOf(training, build.pixels));
    shuffle(this.order, keyOf(seed, DRAWN.order, 0));
  }

  /** Images of a step: as many as are asked for, or all that there are. */
  get batch() {
    return Math.min(this.descent.batch, LARGEST_BATCH, this.count);
  }

  /** A step on the next batch; returns whether it was the last of its epoch. What does not fill a batch is left out. */
  train() {
    const { model, batch } = this;
    for (let r = 0; r < batch; r++) this.take(this.training, this.order[this.used + r], r);
    model.draw(keyOf(this.seed, DRAWN.noise, this.step), batch);
    model.show(batch, this.labels);
    model.forward(batch);
    model.backward(batch);
    this.sums.distortion += model.terms.distortion;
    this.sums.other += model.terms.other;
    this.sums.images += batch;
    this.descend();
    this.used += batch;
    return this.used + this.batch > this.count && this.turn();
  }

  turn() {
    this.epoch += 1;
    this.used = 0;
    shuffle(this.order, keyOf(this.seed, DRAWN.order, this.epoch));
    return true;
  }

  /** Terms of the epoch so far, in the mean over its images; the next are counted anew. */
  told() {
    const { distortion, other, images } = this.sums;
    Object.assign(this.sums, { distortion: 0, other: 0, images: 0 });
    return images ? { distortion: distortion / images, other: other / images } : null;
  }

  /**
   * Put an image into a row of the model.
   *
   * @param {Examples} examples
   * @param {number} index
   * @param {number} row
   */
  take({ pixels, labels }, index, row) {
    const { data, width, stride } = this.model.image;
    this.labels[row] = labels[index];
    const [to, from] = [row * stride, index * width];
    if (pixels instanceof Uint8Array) for (let i = 0; i < width; i++) data[to + i] = this.greys[pixels[from + i]];
    else for (let i = 0; i < width; i++) data[to + i] = pixels[from + i];
  }

  /** A step of AdamW (Loshchilov & Hutter 2019) down the gradient, shortened if that is longer than `clip`. */
  descend() {
    const { flat, kernel } = this.model;
    const { rate, decay, clip, betas } = this.descent;
    this.step += 1;
    const norm = lengthOf(flat.grads);
    if (norm > clip) for (let i = 0; i < flat.grads.length; i++) flat.grads[i] *= clip / (norm + 1e-6); // as torch does
    const [one, two] = betas.map((beta) => 1 - beta ** this.step);
    const { values, grads, first, second } = flat.at;
    kernel.adam(
      ...[flat.grads.length, values, grads, first, second],
      ...[1 - betas[0], betas[1], 1 - betas[1], 1 - rate * decay, rate / one, 1 / Math.sqrt(two), EPSILON],
    );
  }

  /**
   * Terms in the mean over other images, by noise that is the same each time.
   *
   * @param {Examples} examples
   */
  measure(examples) {
    const { model } = this;
    const { annealed } = model.own;
    const count = examples.labels.length;
    const found = { distortion: 0, other: 0 };
    model.own.annealed = 1;
    for (let from = 0; from < count; from += LARGEST_BATCH) {
      const rows = Math.min(LARGEST_BATCH, count - from);
      for (let r = 0; r < rows; r++) this.take(examples, from + r, r);
      model.draw(keyOf(this.seed, DRAWN.test, from), rows);
      model.show(rows, this.labels);
      const { distortion, other } = model.judge(rows);
      found.distortion += distortion / count;
      found.other += other / count;
    }
    model.own.annealed = annealed;
    return found;
  }

  /** @returns {Moment} */
  moment() {
    const { values, first, second } = this.model.flat;
    const { step, epoch, used } = this;
    return { step, epoch, used, values: values.slice(), first: first.slice(), second: second.slice() };
  }

  /** @param {Moment} moment */
  goBack({ step, epoch, used, values, first, second }) {
    const { flat } = this.model;
    flat.values.set(values);
    flat.first.set(first);
    flat.second.set(second);
    Object.assign(this, { step, epoch, used });
    shuffle(this.order, keyOf(this.seed, DRAWN.order, epoch));
    this.told();
  }

  /**
   * The parameters by their names, with their numbers as torch has them.
   *
   * @returns {State}
   */
  state() {
    return Object.fromEntries(
      this.model.parameters.map(({ name, shape, out }) => {
        const numbers = new Float32Array(shape.reduce((product, size) => product * size, 1));
        visit(out, shape, (at, place) => (numbers[place] = out.data[at]));
        return [name, { shape, numbers }];
      }),
    );
  }
}

/** @param {Float32Array} numbers */
function lengthOf(numbers) {
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < numbers.length; i += 4) {
    a += numbers[i] * numbers[i];
    b += numbers[i + 1] * numbers[i + 1];
    c += numbers[i + 2] * numbers[i + 2];
    d += numbers[i + 3] * numbers[i + 3];
  }
  return Math.sqrt(a + b + (c + d));
}

/**
 * The mean image.
 *
 * @param {Examples} examples
 * @param {number} size
 */
function meanOf({ pixels, labels }, size) {
  const unit = (pixels instanceof Uint8Array ? 1 / 255 : 1) / labels.length;
  const mean = new Float64Array(size);
  for (let i = 0; i < pixels.length; i++) mean[i % size] += pixels[i];
  return mean.map((sum) => sum * unit);
}
