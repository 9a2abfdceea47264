// Rows times a matrix of weights, by the kernel that trains, which is several times as fast as plain JavaScript.
import { Arena, padded } from "./train/memory.js";

/** @import { Matrix } from "./train/memory.js" */
/**
 * @typedef {object} Sizes
 * @property {number} rows
 * @property {number} inputs - Numbers of a row.
 * @property {number} outputs - Of a row of the result.
 * @property {boolean} turned - Whether the rows come as columns.
 */
/**
 * What is multiplied, rows and weights, and what it is added to, all of which are filled before.
 *
 * @typedef {{ x: Matrix, weight: Matrix, y: Matrix, add: () => void }} Product
 */

const WORTH_IT = 1e4; // multiplications; fewer are as fast without a memory of their own

/**
 * Products in one memory, with their weights, which come as [outputs, inputs].
 *
 * @param {{ sizes: Sizes, weight: Float32Array }[]} wanted
 * @param {boolean} [plain] - Without WebAssembly, or with it; else as is faster.
 */
export function productsOf(wanted, plain) {
  const needed = new Arena(0);
  for (const { sizes } of wanted) productOf(needed, sizes);
  const all = wanted.reduce((sum, { sizes: { rows, inputs, outputs } }) => sum + rows * inputs * outputs, 0);
  const arena = new Arena(needed.used, plain ?? all < WORTH_IT);
  return wanted.map(({ sizes, weight }) => {
    const product = productOf(arena, sizes);
    turnInto(product.weight, weight, sizes.outputs);
    return product;
  });
}

/**
 * @param {Arena} arena
 * @param {Sizes} sizes
 * @returns {Product}
 */
function productOf(arena, { rows, inputs, outputs, turned }) {
  const x = turned ? arena.matrix(inputs, rows) : arena.matrix(rows, inputs);
  const weight = arena.matrix(inputs, outputs);
  const y = arena.matrix(rows, outputs);
  const [down, along] = turned ? [4, 4 * x.stride] : [4 * x.stride, 4];
  const add = () => arena.kernel.multiply(padded(rows, 4), y.stride, inputs, x.at, down, along, weight.at, y.at);
  return { x, weight, y, add };
}

/**
 * Write a matrix [outputs, inputs] as columns, eight at a time, which lie beside each other.
 *
 * @param {Matrix} to
 * @param {Float32Array} from
 * @param {number} outputs
 */
function turnInto({ data, stride }, from, outputs) {
  const inputs = from.length / outputs;
  for (let first = 0; first < outputs; first += 8) {
    const end = Math.min(first + 8, outputs);
    for (let i = 0; i < inputs; i++) for (let o = first; o < end; o++) data[i * stride + o] = from[o * inputs + i];
  }
}
