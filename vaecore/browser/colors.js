/** @typedef {[red: number, green: number, blue: number]} Color - In 0 to 255. */

/**
 * A colour that is written as #rrggbb.
 *
 * @param {string} written
 * @returns {Color}
 */
export function colorOf(written) {
  const number = parseInt(written.slice(1), 16);
  return [number >> 16, (number >> 8) & 255, number & 255];
}
