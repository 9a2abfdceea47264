/** @typedef {[x: number, y: number]} Point - Or left and top, on a screen. */

/**
 * A value, or the nearer end of a range that it lies outside of.
 *
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
export function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}

/**
 * A number for each axis.
 *
 * @template T
 * @param {(axis: 0 | 1) => T} of
 * @returns {[T, T]}
 */
export const perAxis = (of) => [of(0), of(1)];
