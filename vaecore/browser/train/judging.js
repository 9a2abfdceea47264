// What two trainings can be held against each other by, whatever each of them was trained for.

/** @import { Examples, Trainer } from "./trainer.js" */
/**
 * In the mean over images.
 *
 * @typedef {object} Judged
 * @property {number} distortion - As the model was trained for it.
 * @property {number} other - What is added to it, weighed.
 * @property {number} squared - The squared error of what is rebuilt from an undamaged image's code, or its mean.
 * @property {number} rate - In nats, unweighed; of a code that is not drawn zero.
 */

/**
 * @param {Trainer} trainer
 * @param {Examples} examples
 * @returns {Judged}
 */
export function judged(trainer, examples) {
  const { model } = trainer;
  const { beta } = model.own;
  model.own.beta = 1;
  const { distortion, other } = trainer.measure(examples);
  model.own.beta = beta;
  const [rate, weight] = model.isVariational ? [other, beta] : [0, 1];
  return { distortion, other: weight * other, squared: squared(trainer, examples), rate };
}

/**
 * @param {Trainer} trainer
 * @param {Examples} examples
 */
function squared(trainer, examples) {
  const { model } = trainer;
  const { corruption } = model.own;
  const count = examples.labels.length;
  model.own.corruption = "none";
  let sum = 0;
  for (let from = 0; from < count; from += model.batch) {
    const rows = Math.min(model.batch, count - from);
    for (let r = 0; r < rows; r++) trainer.take(examples, from + r, r);
    model.show(rows, trainer.labels);
    model.encode(rows);
    model.decode(rows);
    const { data, width, stride } = model.mean;
    for (let r = 0; r < rows; r++) {
      for (let i = r * stride; i < r * stride + width; i++) sum += (data[i] - model.image.data[i]) ** 2;
    }
  }
  model.own.corruption = corruption;
  return sum / count;
}
