// The terms of vaecore's objectives, each a sum over the batch, with its share of the mean's gradient.

/** @import { Matrix, Value } from "./memory.js" */
/** @import { Parameter } from "./layers.js" */
/**
 * Compares what the decoder says of each pixel with the image: writes the mean image and, with a share of the gradient,
 * that in what was said. Returns the sum over the batch.
 *
 * @typedef {(said: Value, image: Matrix, mean: Matrix, rows: number, share: number) => number} Distortion
 */

const HALF_LOG_2_PI = Math.log(2 * Math.PI) / 2;

/**
 * ||x - x^||^2, x^ the sigmoid of what was said.
 *
 * @type {Distortion}
 */
export function squaredError(said, image, mean, rows, share) {
  const [l, x, m, g] = [said.out.data, image.data, mean.data, said.grad.data];
  const { width, stride } = image;
  let sum = 0;
  for (let r = 0; r < rows; r++) {
    for (let i = r * stride; i < r * stride + width; i++) {
      const y = 1 / (1 + Math.exp(-l[i]));
      const error = y - x[i];
      m[i] = y;
      sum += error * error;
      g[i] = 2 * share * error * y * (1 - y);
    }
  }
  return sum;
}

/**
 * ||x - x^||^2, x^ what was said.
 *
 * @type {Distortion}
 */
export function linearError(said, image, mean, rows, share) {
  const [l, x, m, g] = [said.out.data, image.data, mean.data, said.grad.data];
  const { width, stride } = image;
  let sum = 0;
  for (let r = 0; r < rows; r++) {
    for (let i = r * stride; i < r * stride + width; i++) {
      const error = l[i] - x[i];
      m[i] = l[i];
      sum += error * error;
      g[i] = 2 * share * error;
    }
  }
  return sum;
}

/**
 * -log p(x|z) of a Bernoulli pixel by its logit: log(1 + exp(l)) - x l. Many factors share a logarithm.
 *
 * @type {Distortion}
 */
export function crossEntropy(said, image, mean, rows, share) {
  const [logits, x, m, g] = [said.out.data, image.data, mean.data, said.grad.data];
  const { width, stride } = image;
  let sum = 0;
  for (let r = 0; r < rows; r++) {
    let product = 1;
    for (let i = r * stride; i < r * stride + width; i++) {
      const l = logits[i];
      const small = Math.exp(-Math.abs(l));
      const y = (l < 0 ? small : 1) / (1 + small);
      sum += (l > 0 ? l : 0) - x[i] * l;
      product *= 1 + small; // at most twice as large
      if (product > 1e290) [sum, product] = [sum + Math.log(product), 1];
      m[i] = y;
      g[i] = share * (y - x[i]);
    }
    sum += Math.log(product);
  }
  return sum;
}

/**
 * -log p(x|z) of a Gaussian pixel whose mean was said; one scale, a parameter, for all.
 *
 * @param {Parameter} logScale
 * @returns {Distortion}
 */
export const gaussianError = (logScale) => (said, image, mean, rows, share) => {
  const [l, x, m, g] = [said.out.data, image.data, mean.data, said.grad.data];
  const { width, stride } = image;
  const precision = Math.exp(-logScale.out.data[0]);
  let squares = 0;
  for (let r = 0; r < rows; r++) {
    for (let i = r * stride; i < r * stride + width; i++) {
      const deviation = (l[i] - x[i]) * precision;
      m[i] = l[i];
      squares += deviation * deviation;
      g[i] = share * deviation * precision;
    }
  }
  const count = rows * width;
  logScale.grad.data[0] += share * (count - squares);
  return squares / 2 + count * (logScale.out.data[0] + HALF_LOG_2_PI);
};

/**
 * What a variant adds to the distortion: the sum over the batch; its gradient is added to the code's and the weights'.
 *
 * @typedef {(code: Value, weight: Parameter, own: OwnNumbers, rows: number, share: number) => number} Penalty
 */
/**
 * The numbers of the objectives, by the names of vaecore's settings; all of them act at once.
 *
 * @typedef {object} OwnNumbers
 * @property {number} beta
 * @property {number} annealed - The rate's weight beside beta, from 0 to 1.
 * @property {string} corruption
 * @property {number} level
 * @property {number} sparsity
 * @property {number} activity
 * @property {number} contraction
 */

/**
 * lambda sum_j |a_j|.
 *
 * @type {Penalty}
 */
function absolute(code, _, { sparsity }, rows, share) {
  const { data, width, stride } = code.out;
  let sum = 0;
  for (let r = 0; r < rows; r++) {
    for (let i = r * stride; i < r * stride + width; i++) {
      sum += Math.abs(data[i]);
      code.grad.data[i] += share * sparsity * Math.sign(data[i]);
    }
  }
  return sparsity * sum;
}

/**
 * lambda sum_j KL(rho || rho_j), rho_j the mean of a_j over the batch, and kept inside (0, 1).
 *
 * @type {Penalty}
 */
function activityKl(code, _, { sparsity, activity }, rows, share) {
  const { data, width, stride } = code.out;
  const least = 2 ** -23;
  let sum = 0;
  for (let j = 0; j < width; j++) {
    let found = 0;
    for (let r = 0; r < rows; r++) found += data[r * stride + j] / rows;
    const mean = Math.min(Math.max(found, least), 1 - least);
    sum += activity * Math.log(activity / mean) + (1 - activity) * Math.log((1 - activity) / (1 - mean));
    if (mean !== found) continue;
    const slope = share * sparsity * ((1 - activity) / (1 - mean) - activity / mean);
    for (let r = 0; r < rows; r++) code.grad.data[r * stride + j] += slope;
  }
  return rows * sparsity * sum;
}

/**
 * lambda ||J||_F^2 of one sigmoid layer: lambda sum_j (a_j (1 - a_j))^2 sum_i W_ji^2 (Rifai et al. 2011).
 *
 * @type {Penalty}
 */
function contraction(code, weight, { contraction: lambda }, rows, share) {
  const { data, width, stride } = code.out;
  const w = weight.out;
  let sum = 0;
  for (let j = 0; j < width; j++) {
    let [norm, slopes] = [0, 0];
    for (let i = j * w.stride; i < j * w.stride + w.width; i++) norm += w.data[i] * w.data[i];
    for (let r = 0; r < rows; r++) {
      const a = data[r * stride + j];
      const slope = a * (1 - a);
      slopes += slope * slope;
      code.grad.data[r * stride + j] += share * lambda * 2 * slope * (1 - 2 * a) * norm;
    }
    sum += slopes * norm;
    const each = 2 * share * lambda * slopes;
    for (let i = j * w.stride; i < j * w.stride + w.width; i++) weight.grad.data[i] += each * w.data[i];
  }
  return lambda * sum;
}

/** @typedef {{ term: string, penalty: Penalty | null, code: string, tied: boolean, deep: boolean, told: boolean }} Kind */

/** @type {Omit<Kind, "term">} */
const PLAIN = { penalty: null, code: "identity", tied: false, deep: true, told: false };
const ONE_LAYER = { ...PLAIN, tied: true, deep: false };

/**
 * What can be trained, by its name in vaecore.models: the term beside the distortion, if any, and how it is found of
 * the code; the code's activation; whether the decoder's matrices are the encoder's, there are hidden layers, and both
 * are told the class.
 *
 * @type {Record<string, Kind>}
 */
export const KINDS = {
  linear: { ...PLAIN, term: "", deep: false },
  autoencoder: { ...PLAIN, term: "" },
  denoising: { ...PLAIN, term: "" },
  "sparse-l1": { ...ONE_LAYER, term: "sparsity", penalty: absolute, code: "relu" },
  "sparse-kl": { ...ONE_LAYER, term: "sparsity", penalty: activityKl, code: "sigmoid" },
  contractive: { ...ONE_LAYER, term: "contraction", penalty: contraction, code: "sigmoid" },
  vae: { ...PLAIN, term: "rate" },
  "beta-vae": { ...PLAIN, term: "rate" },
  cvae: { ...PLAIN, term: "rate", told: true },
};
