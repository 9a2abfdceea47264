// The steps of a network on a batch, forwards and backwards. A step writes its output, and adds no memory while it runs.
import { erf } from "../erf.js";
import { padded } from "./memory.js";

/** @import { Kernel } from "./kernel.js" */
/** @import { Arena, Matrix, Value } from "./memory.js" */
/**
 * A parameter: of a matrix also room for its transpose.
 *
 * @typedef {object} Parameter
 * @property {string} name - As torch has it in the state of vaecore's model.
 * @property {number[]} shape
 * @property {Matrix} out
 * @property {Matrix} grad
 * @property {Matrix | null} turned
 */
/**
 * @typedef {object} TrainStep
 * @property {(rows: number) => void} forward
 * @property {(rows: number) => void} backward - From the gradient in its output to that in its input and parameters.
 */

/**
 * y = x W' + b; or, of a transposed layer, whose matrix is another's, y = x W + b.
 *
 * @param {Kernel} kernel
 * @param {Value} x
 * @param {Value} y
 * @param {Parameter} weight
 * @param {Parameter} bias
 * @param {{ tied?: boolean, first?: boolean }} kind - Of a first layer nobody asks for the gradient in its input.
 * @returns {TrainStep}
 */
export function linear(kernel, x, y, weight, bias, { tied = false, first = false } = {}) {
  const [w, b, turned] = [weight.out, bias.out.data, weight.turned];
  if (!turned) throw new Error(`${weight.name} is no matrix`);
  const outputs = padded(weight.shape[0], 8);
  return {
    forward(rows) {
      const all = padded(rows, 4);
      for (let r = 0; r < all; r++) y.out.data.set(b, r * y.out.stride);
      if (!tied) kernel.transpose(outputs, w.stride, w.at, turned.at);
      const from = tied ? w.at : turned.at;
      kernel.multiply(all, y.out.stride, x.out.width, x.out.at, 4 * x.out.stride, 4, from, y.out.at);
    },
    backward(rows) {
      const [dy, dx] = [y.grad, x.grad];
      addRows(bias.grad.data, dy, rows);
      const [one, other] = tied ? [x.out, dy] : [dy, x.out];
      kernel.multiply(outputs, w.stride, rows, one.at, 4, 4 * one.stride, other.at, weight.grad.at);
      if (first) return;
      dx.data.fill(0);
      const back = tied ? turned.at : w.at; // the encoder's layer turned it in this very step
      kernel.multiply(padded(rows, 4), dx.stride, dy.width, dy.at, 4 * dy.stride, 4, back, dx.at);
    },
  };
}

/**
 * @param {Float32Array} sums
 * @param {Matrix} of
 * @param {number} rows
 */
function addRows(sums, { data, width, stride }, rows) {
  for (let r = 0; r < rows; r++) for (let c = 0; c < width; c++) sums[c] += data[r * stride + c];
}

/** @type {Record<string, (v: number) => number>} */
const CURVES = {
  identity: (v) => v,
  leaky: (v) => (v < 0 ? 0.1 * v : v),
  relu: (v) => (v > 0 ? v : 0),
  sigmoid: (v) => 1 / (1 + Math.exp(-v)),
  tanh: Math.tanh,
};

/**
 * The slope of each where it has given y.
 *
 * @type {Record<string, (y: number) => number>}
 */
const SLOPES = {
  identity: () => 1,
  leaky: (y) => (y < 0 ? 0.1 : 1),
  relu: (y) => (y > 0 ? 1 : 0),
  sigmoid: (y) => y * (1 - y),
  tanh: (y) => 1 - y * y,
};

/** The activations that there are. */
export const activations = () => ["gelu", ...Object.keys(CURVES)];

/**
 * @param {Arena} arena
 * @param {number} batch
 * @param {Value} x
 * @param {Value} y
 * @param {string} name
 * @returns {TrainStep}
 */
export function activation(arena, batch, x, y, name) {
  const { width, stride } = y.out;
  if (name === "gelu") return gelu(arena.matrix(batch, width).data, x, y);
  const [curve, slope] = [CURVES[name], SLOPES[name]];
  if (!curve) throw new Error(`expected an activation of ${activations().join(", ")}, got ${name}`);
  return {
    forward(rows) {
      const [from, to] = [x.out.data, y.out.data];
      for (let r = 0; r < rows; r++) {
        for (let i = r * stride; i < r * stride + width; i++) to[i] = curve(from[i]);
      }
    },
    backward(rows) {
      const [from, to, at] = [y.grad.data, x.grad.data, y.out.data];
      for (let r = 0; r < rows; r++) {
        for (let i = r * stride; i < r * stride + width; i++) to[i] = from[i] * slope(at[i]);
      }
    },
  };
}

/**
 * x times the normal distribution's share below x (Hendrycks & Gimpel 2016). The slope asks for what the value asks for,
 * so it is kept.
 *
 * @param {Float32Array} slope
 * @param {Value} x
 * @param {Value} y
 * @returns {TrainStep}
 */
function gelu(slope, x, y) {
  const { width, stride } = y.out;
  const height = 1 / Math.sqrt(2 * Math.PI);
  return {
    forward(rows) {
      const [from, to] = [x.out.data, y.out.data];
      for (let r = 0; r < rows; r++) {
        for (let i = r * stride; i < r * stride + width; i++) {
          const v = from[i];
          const below = 0.5 * (1 + erf(v * Math.SQRT1_2));
          to[i] = v * below;
          slope[i] = below + v * height * Math.exp(-0.5 * v * v);
        }
      }
    },
    backward(rows) {
      const [from, to] = [y.grad.data, x.grad.data];
      for (let i = 0; i < rows * stride; i++) to[i] = from[i] * slope[i];
    },
  };
}

/**
 * z = mean + scale * noise of the encoder's mean and log_scale, beside each other in `told`; and what the code costs,
 * KL(q(z|x) || N(0, I)), whose weight is the price.
 *
 * @param {Value} told
 * @param {Value} z - Of which the first numbers are the code.
 * @param {Matrix} noise
 */
export function sample(told, z, noise) {
  const latent = noise.width;
  return {
    /** @param {number} rows */
    forward(rows) {
      let rate = 0;
      for (let r = 0; r < rows; r++) {
        const at = r * told.out.stride;
        for (let i = 0; i < latent; i++) {
          const mean = told.out.data[at + i];
          const logScale = told.out.data[at + latent + i];
          const scale = Math.exp(logScale);
          z.out.data[r * z.out.stride + i] = mean + scale * noise.data[r * noise.stride + i];
          rate += (scale * scale + mean * mean - 1) / 2 - logScale;
        }
      }
      return rate;
    },
    /**
     * @param {number} rows
     * @param {number} price - Of a nat, in the mean over the batch.
     */
    backward(rows, price) {
      for (let r = 0; r < rows; r++) {
        const at = r * told.out.stride;
        for (let i = 0; i < latent; i++) {
          const scale = Math.exp(told.out.data[at + latent + i]);
          const along = z.grad.data[r * z.grad.stride + i];
          const spread = scale * noise.data[r * noise.stride + i];
          told.grad.data[at + i] = along + price * told.out.data[at + i];
          told.grad.data[at + latent + i] = along * spread + price * (scale * scale - 1);
        }
      }
    },
  };
}
