/**
 * The rows of codes, one after the other, that are nearest to a code: so many at most, the nearest first.
 *
 * @param {Float32Array} codes
 * @param {ArrayLike<number>} code
 * @param {number} many
 */
export function nearestRows(codes, code, many) {
  const n = code.length;
  const distances = new Float64Array(codes.length / n);
  for (let i = 0; i < distances.length; i++) {
    for (let j = 0; j < n; j++) distances[i] += (codes[i * n + j] - code[j]) ** 2;
  }
  /** @type {number[]} */
  const near = [];
  for (let i = 0; i < distances.length; i++) {
    if (near.length === many && distances[i] >= distances[near[many - 1]]) continue;
    const at = near.findIndex((other) => distances[i] < distances[other]);
    near.splice(at < 0 ? near.length : at, 0, i);
    near.length = Math.min(near.length, many);
  }
  return near;
}
