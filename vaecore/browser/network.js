// Runs what vaecore.export wrote: the steps of a network, one after the other, on flat arrays, for one example.
// Every array and every index is made once, before the first run.
import { erf } from "./erf.js";
import { productsOf } from "./product.js";

/** @import { Product, Sizes } from "./product.js" */

/** @typedef {[offset: number, length: number]} Part - Of the weights. */
/** @typedef {[channels: number, height: number, width: number]} Shape */
/**
 * A step, as vaecore/export/__init__.py has them in a table: what it reads, what it writes, and more by its kind.
 *
 * @typedef {Linear | Convolution | MapStep | Combine | Constant | Concat | Slice | Pad | OneHot} Step
 */
/** @typedef {{ op: "linear", from: number[], to: number, weight: Part, bias: Part }} Linear */
/**
 * @typedef {object} Convolution
 * @property {"convolution" | "transposed"} op
 * @property {number[]} from
 * @property {number} to
 * @property {Part} weight
 * @property {Part} bias
 * @property {Pair} kernel - Height and width.
 * @property {Pair} stride
 * @property {Pair} padding
 * @property {Shape} before
 * @property {Shape} after
 */
/** @typedef {[number, number]} Pair */
/**
 * @typedef {object} MapStep
 * @property {"map"} op
 * @property {number[]} from
 * @property {number} to
 * @property {string} function
 * @property {number} [by]
 */
/** @typedef {{ op: "combine", from: number[], to: number, function: string }} Combine */
/** @typedef {{ op: "constant", from: number[], to: number, value: Part }} Constant */
/** @typedef {{ op: "concat", from: number[], to: number, outer: number }} Concat */
/** @typedef {{ op: "slice", from: number[], to: number, outer: number, start: number, length: number }} Slice */
/** @typedef {{ op: "pad", from: number[], to: number, before: Shape, sides: number[], fill: number }} Pad */
/** @typedef {{ op: "one-hot", from: number[], to: number }} OneHot */
/**
 * A network as Python wrote it: values by number, the inputs first.
 *
 * @typedef {object} Described
 * @property {number[]} inputs - How many numbers each input has.
 * @property {number[]} sizes - How many numbers each value has.
 * @property {Step[]} steps
 * @property {Record<string, number>} outputs - The value of each result.
 */

export class Network {
  /**
   * @param {Described} described
   * @param {Float32Array} weights
   * @param {boolean} [plain] - Without WebAssembly, or with it; else as is faster.
   */
  constructor({ sizes, inputs, steps, outputs }, weights, plain) {
    const values = sizes.map((size) => new Float32Array(size));
    /** @param {Part} place */
    const part = ([offset, length]) => weights.subarray(offset, offset + length);
    this.inputs = values.slice(0, inputs.length);
    /** @type {[string, Float32Array][]} */
    this.outputs = Object.entries(outputs).map(([name, index]) => [name, values[index]]);
    const layers = steps.flatMap((step) => ("weight" in step ? [step] : []));
    const wanted = layers.map((step) => ({ sizes: sizesOf(step, sizes), weight: part(step.weight) }));
    const products = new Map(productsOf(wanted, plain).map((product, i) => [/** @type {Step} */ (layers[i]), product]));
    this.steps = steps.map((step) =>
      OPERATIONS[step.op](
        step,
        step.from.map((index) => values[index]),
        values[step.to],
        part,
        /** @type {Product} */ (products.get(step)), // none of what is no layer
      ),
    );
  }

  /**
   * The results by name, which the next run overwrites.
   *
   * @param {...(ArrayLike<number> | number)} inputs - In their order; a number fills its input.
   * @returns {Record<string, Float32Array>}
   */
  run(...inputs) {
    inputs.forEach((input, i) => (typeof input === "number" ? this.inputs[i].fill(input) : this.inputs[i].set(input)));
    for (const step of this.steps) step();
    return Object.fromEntries(this.outputs);
  }
}

/**
 * What a layer multiplies: places of an image are rows.
 *
 * @param {Linear | Convolution} step
 * @param {number[]} sizes - Of the values.
 * @returns {Sizes}
 */
function sizesOf(step, sizes) {
  if (step.op === "linear") return { rows: 1, inputs: sizes[step.from[0]], outputs: sizes[step.to], turned: false };
  const turned = step.op === "transposed";
  const [channels, height, width] = turned ? step.before : step.after;
  const each = step.weight[1] / channels;
  const [inputs, outputs] = turned ? [channels, each] : [each, channels];
  return { rows: height * width, inputs, outputs, turned };
}

/**
 * What an operation is made of, beside its step: the values that it reads, the one that it writes, where weights are, and
 * what multiplies by them.
 *
 * @typedef {[from: Float32Array[], to: Float32Array, part: (place: Part) => Float32Array, product: Product]} Rest
 */
/** @type {Record<string, (step: any, ...rest: Rest) => () => void>} */
const OPERATIONS = {
  /** @type {(step: Linear, ...rest: Rest) => () => void} */
  linear({ bias }, [x], y, part, product) {
    const b = part(bias);
    const made = product.y.data.subarray(0, y.length);
    return () => {
      product.x.data.set(x);
      made.set(b);
      product.add();
      y.set(made);
    };
  },

  /** @type {(step: Convolution, ...rest: Rest) => () => void} */
  convolution(step, [x], y, part, product) {
    const b = part(step.bias);
    const [channels, height, width] = step.after;
    const [places, n] = [height * width, product.x.width];
    const seen = taps(step, step.before, step.after);
    const [columns, made] = [product.x, product.y];
    return () => {
      for (let p = 0; p < places; p++) {
        made.data.set(b, p * made.stride);
        for (let i = 0; i < n; i++) columns.data[p * columns.stride + i] = seen[p * n + i] < 0 ? 0 : x[seen[p * n + i]];
      }
      product.add();
      for (let p = 0; p < places; p++) {
        for (let c = 0; c < channels; c++) y[c * places + p] = made.data[p * made.stride + c];
      }
    };
  },

  /** @type {(step: Convolution, ...rest: Rest) => () => void} */
  transposed(step, [x], y, part, product) {
    const b = part(step.bias);
    const [channels, height, width] = step.before;
    const [places, rows, area] = [height * width, product.y.width, y.length / step.after[0]];
    const reached = taps(step, step.after, step.before);
    const [planes, made] = [product.x, product.y];
    return () => {
      for (let c = 0; c < channels; c++) {
        planes.data.set(x.subarray(c * places, (c + 1) * places), c * planes.stride);
      }
      made.data.fill(0);
      product.add();
      for (let i = 0; i < y.length; i++) y[i] = b[(i / area) | 0];
      for (let p = 0; p < places; p++) {
        for (let r = 0; r < rows; r++) {
          const at = reached[p * rows + r];
          if (at >= 0) y[at] += made.data[p * made.stride + r];
        }
      }
    };
  },

  /** @type {(step: MapStep, ...rest: Rest) => () => void} */
  map({ function: name, by = 0 }, [x], y) {
    const f = FUNCTIONS[name];
    return () => {
      for (let i = 0; i < y.length; i++) y[i] = f(x[i], by);
    };
  },

  /** @type {(step: Combine, ...rest: Rest) => () => void} */
  combine({ function: name }, [one, other], y) {
    const f = PAIRS[name];
    return () => {
      for (let i = 0; i < y.length; i++) y[i] = f(one[i], other[i]);
    };
  },

  /** @type {(step: Constant, ...rest: Rest) => () => void} */
  constant({ value }, _, y, part) {
    y.set(part(value));
    return () => {};
  },

  /** @type {(step: Concat, ...rest: Rest) => () => void} */
  concat({ outer }, parts, y) {
    return () => {
      for (let row = 0, at = 0; row < outer; row++) {
        for (const x of parts) {
          const n = x.length / outer;
          for (let i = 0; i < n; i++) y[at++] = x[row * n + i];
        }
      }
    };
  },

  /** @type {(step: Slice, ...rest: Rest) => () => void} */
  slice({ outer, start, length }, [x], y) {
    const n = x.length / outer;
    return () => {
      for (let row = 0; row < outer; row++) {
        for (let i = 0; i < length; i++) y[row * length + i] = x[row * n + start + i];
      }
    };
  },

  /** @type {(step: Pad, ...rest: Rest) => () => void} */
  pad({ before: [, height, width], sides: [left, right, top, bottom], fill }, [x], y) {
    const [wide, high] = [left + width + right, top + height + bottom];
    y.fill(fill);
    return () => {
      for (let i = 0; i < x.length; i++) {
        const [c, row, column] = [(i / (height * width)) | 0, ((i / width) | 0) % height, i % width];
        y[(c * high + top + row) * wide + left + column] = x[i];
      }
    };
  },

  "one-hot"(_, [label], y) {
    return () => y.fill(0).fill(1, label[0], label[0] + 1);
  },
};

/** @type {Record<string, (value: number, by: number) => number>} */
const FUNCTIONS = {
  exp: Math.exp,
  gelu: (v) => 0.5 * v * (1 + erf(v * Math.SQRT1_2)),
  leaky_relu: (v, slope) => (v < 0 ? slope * v : v),
  log: Math.log,
  log_sigmoid: (v) => Math.min(v, 0) - Math.log1p(Math.exp(-Math.abs(v))),
  neg: (v) => -v,
  pow: Math.pow,
  reciprocal: (v) => 1 / v,
  relu: (v) => (v < 0 ? 0 : v),
  sigmoid: (v) => 1 / (1 + Math.exp(-v)),
  softplus: (v) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v))),
  sqrt: Math.sqrt,
  tanh: Math.tanh,
};

/** @type {Record<string, (one: number, other: number) => number>} */
const PAIRS = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
};

/**
 * For every place of the smaller image, in rows over (channel, kh, kw), the pixel of the larger one; -1 off its edge.
 *
 * @param {Convolution} step
 * @param {Shape} larger
 * @param {Shape} smaller
 */
function taps({ kernel: [kh, kw], stride: [sh, sw], padding: [ph, pw] }, [channels, height, width], [, rows, columns]) {
  const found = new Int32Array(rows * columns * channels * kh * kw);
  let at = 0;
  for (let r = 0; r < rows; r++) {
    for (let q = 0; q < columns; q++) {
      for (let c = 0; c < channels; c++) {
        for (let i = 0; i < kh; i++) {
          for (let j = 0; j < kw; j++) {
            const [y, x] = [r * sh - ph + i, q * sw - pw + j];
            const inside = y >= 0 && y < height && x >= 0 && x < width;
            found[at++] = inside ? (c * height + y) * width + x : -1;
          }
        }
      }
    }
  }
  return found;
}
