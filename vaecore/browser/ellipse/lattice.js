/** @import { Point } from "../numbers.js" */
/** @import { Joint } from "./elbo.js" */

// A function on a square lattice, by Catmull and Rom's cubics between its points; NaN outside.
export class Lattice {
  /**
   * @param {{ origin: Point, step: number, side: number }} described - Its first point, the distance, points of a side.
   * @param {Float32Array} values - Row by row.
   */
  constructor({ origin, step, side }, values) {
    this.origin = origin;
    this.step = step;
    this.side = side;
    this.values = values;
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  at(x, y) {
    const u = (x - this.origin[0]) / this.step;
    const v = (y - this.origin[1]) / this.step;
    const column = Math.floor(u);
    const row = Math.floor(v);
    const last = this.side - 3;
    if (!(column >= 1 && row >= 1 && column <= last && row <= last)) return NaN;
    const across = cubic(u - column);
    const up = cubic(v - row);
    let sum = 0;
    for (let j = 0; j < 4; j++) {
      const begin = (row + j - 1) * this.side + column - 1;
      for (let i = 0; i < 4; i++) sum += up[j] * across[i] * this.values[begin + i];
    }
    return sum;
  }
}

/**
 * The weights of four points at a place between the two in the middle.
 *
 * @param {number} t
 */
const cubic = (t) => [
  t * (-0.5 + t * (1 - 0.5 * t)),
  1 + t * t * (-2.5 + 1.5 * t),
  t * (0.5 + t * (2 - 1.5 * t)),
  t * t * (-0.5 + 0.5 * t),
];

/**
 * The function on several lattices: at a place, by the first that reaches it.
 *
 * @param {Lattice[]} lattices
 * @returns {Joint}
 */
export function finest(lattices) {
  return (x, y) => {
    for (const lattice of lattices) {
      const value = lattice.at(x, y);
      if (!Number.isNaN(value)) return value;
    }
    return NaN;
  };
}
