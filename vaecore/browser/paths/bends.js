// Paths between two codes of two numbers, and what is around them.
import { clamp, perAxis } from "../numbers.js";

/** @import { Point } from "../numbers.js" */
/** @import { Plane } from "../plane.js" */

/**
 * As Explorer.interpolate has them, at a share of the way.
 *
 * @type {Record<string, (a: Point, b: Point, share: number) => Point>}
 */
export const BENT = {
  linear: (a, b, t) => perAxis((axis) => (1 - t) * a[axis] + t * b[axis]),
  spherical(a, b, t) {
    const [la, lb] = [Math.hypot(...a), Math.hypot(...b)];
    const angle = Math.acos(clamp((a[0] * b[0] + a[1] * b[1]) / (la * lb), -1, 1));
    if (!(Math.sin(angle) >= 1e-6)) return BENT.linear(a, b, t); // no plane to turn in
    const [own, other] = [Math.sin((1 - t) * angle) / la, Math.sin(t * angle) / lb];
    const length = (1 - t) * la + t * lb;
    return perAxis((axis) => (length * (own * a[axis] + other * b[axis])) / Math.sin(angle));
  },
};

/**
 * The real codes around a path, as vaecore.serving has it.
 *
 * @typedef {object} Company
 * @property {number[]} density - At every place of the path; 1 is usual.
 * @property {number[]} nearest - The code nearest to each step.
 * @property {number[]} distances - To it.
 * @property {number[]} neighbours - How many codes are within the radius of each step.
 */

/**
 * @param {Point[]} line
 * @param {number} every - So many places of the path are a step.
 * @param {Plane} plane - With the real codes.
 * @param {{ radius: number, usual: number }} around - What is near, and the sum of the kernel that is usual.
 * @returns {Company}
 */
export function company(line, every, { points, count }, { radius, usual }) {
  /** @type {Company} */
  const found = { density: [], nearest: [], distances: [], neighbours: [] };
  const near = radius * radius;
  line.forEach(([x, y], place) => {
    let [sum, nearest, least, neighbours] = [0, -1, Infinity, 0];
    for (let i = 0; i < count; i++) {
      const apart = (points[2 * i] - x) ** 2 + (points[2 * i + 1] - y) ** 2;
      sum += Math.exp((-2 * apart) / near); // the radius is two deviations
      if (apart <= near) neighbours++;
      if (apart < least) [nearest, least] = [i, apart];
    }
    found.density.push(sum / usual);
    if (place % every) return;
    found.nearest.push(nearest);
    found.distances.push(Math.sqrt(least));
    found.neighbours.push(neighbours);
  });
  return found;
}
