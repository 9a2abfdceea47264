import { makeKernel } from "./kernel.js";

/** @import { Kernel } from "./kernel.js" */

/**
 * A matrix in a kernel's memory, row by row, zero beyond its width.
 *
 * @typedef {object} Matrix
 * @property {number} at - Of its first number, in bytes.
 * @property {Float32Array} data - Rows of `stride` numbers.
 * @property {number} width - Columns that mean something.
 * @property {number} stride - Columns that there are: a multiple of 8.
 */
/** @typedef {{ out: Matrix, grad: Matrix }} Value - What a step gives, and the objective's gradient in it. */

// Hands out a memory from its start, once. Of no bytes it hands out empty matrices, and so finds how many are needed.
export class Arena {
  /** @param {number} bytes */
  constructor(bytes, plain = false) {
    /** @type {Kernel} */
    this.kernel = makeKernel(bytes, plain || !bytes);
    this.planned = !bytes;
    this.used = 0;
  }

  /**
   * @param {number} rows
   * @param {number} width
   * @returns {Matrix}
   */
  matrix(rows, width) {
    const stride = padded(width, 8);
    return { ...this.floats(padded(rows, 4) * stride), width, stride };
  }

  /** @param {number} count */
  floats(count) {
    const at = this.used;
    this.used += 4 * padded(count, 8);
    return { at, data: this.planned ? new Float32Array() : new Float32Array(this.kernel.buffer, at, count) };
  }

  /**
   * @param {number} rows
   * @param {number} width
   * @returns {Value}
   */
  value(rows, width) {
    return { out: this.matrix(rows, width), grad: this.matrix(rows, width) };
  }
}

/**
 * @param {number} count
 * @param {number} to
 */
export const padded = (count, to) => Math.ceil(count / to) * to;
