/** @import { Point } from "../numbers.js" */

/**
 * The corners of what has been drawn: the trace itself, or the box between its ends.
 *
 * @param {"lasso" | "box"} mode
 * @param {Point[]} points
 * @returns {Point[]}
 */
export function outline(mode, points) {
  if (mode === "lasso") return points;
  const [[left, top], [right, bottom]] = [points[0], points[points.length - 1]];
  if (left === right || top === bottom) return [];
  return [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ];
}

/**
 * Whether a place is inside a closed outline: a ray from it crosses an odd number of sides.
 *
 * @param {Point[]} corners
 * @param {number} x
 * @param {number} y
 */
export function encloses(corners, x, y) {
  let inside = false;
  for (let i = 0, j = corners.length - 1; i < corners.length; j = i++) {
    const [[xi, yi], [xj, yj]] = [corners[i], corners[j]];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}
