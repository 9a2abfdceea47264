// Codes in percent of what is usual: each number of a code has its own hundred.
import { clamp } from "../numbers.js";

/** @typedef {Record<string, number>} Percents - By number of the code. */

export const LOW = 1;
export const HIGH = 99;

/**
 * A percent, or the nearer end of those that a slider has.
 *
 * @param {number} percent
 */
export const inRange = (percent) => clamp(percent, LOW, HIGH);

/**
 * A code where the sliders stand, each between two whole percents on the line of their codes. Where there is a basis, a
 * slider moves along its row: the code is middle + sum of column(percent) x row.
 *
 * @param {number[]} middle - What the numbers are that nobody moves; with a basis, where all sliders start from.
 * @param {Record<string, number[]>} quantiles - By slider: what it is, or adds, at 0 to 100 percent.
 * @param {(index: string) => number} at - The percent of a slider.
 * @param {number[][]} [basis] - By slider: a direction.
 */
export function codeAt(middle, quantiles, at, basis) {
  const code = Float32Array.from(middle);
  for (const [index, column] of Object.entries(quantiles)) {
    const below = Math.floor(at(index));
    const share = at(index) - below;
    const value = (1 - share) * column[below] + share * column[below + 1];
    if (!basis) code[Number(index)] = value;
    else basis[Number(index)].forEach((part, i) => (code[i] += value * part));
  }
  return code;
}
