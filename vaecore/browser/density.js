import { colorOf } from "./colors.js";

/** @import { Point } from "./numbers.js" */

/**
 * Where the values of a density are: the first point, the distances between columns and between rows, how many there are
 * of each.
 *
 * @typedef {[x: number, y: number, across: number, up: number, height: number, width: number]} Grid
 */

/** @typedef {[share: number, opacity: number][]} Stops - Opacity by share of the highest value. */
/** @typedef {{ toScreen: (x: number, y: number) => Point }} Onto - Where a place of the plane is. */

/**
 * The tails are seen, and the page's own colour where there is nothing.
 *
 * @type {Stops}
 */
const TAILS = [
  [0, 0],
  [0.02, 0.1],
  [0.2, 0.38],
  [1, 0.95],
];

/**
 * A density as a cloud.
 *
 * @param {CanvasRenderingContext2D} pen
 * @param {Onto} square
 * @param {Float32Array} density
 * @param {Grid} grid
 * @param {string} color
 */
export function cloud(pen, square, density, [x, y, across, up, height, width], color, stops = TAILS) {
  const top = density.reduce((a, b) => Math.max(a, b), 0);
  const image = new ImageData(width, height);
  const [red, green, blue] = colorOf(color);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const share = density[row * width + column] / top;
      const at = 4 * ((height - 1 - row) * width + column);
      image.data.set([red, green, blue, 255 * shade(share, stops)], at);
    }
  }
  const sheet = new OffscreenCanvas(width, height);
  sheet.getContext("2d")?.putImageData(image, 0, 0);
  const [left, low] = square.toScreen(x - across / 2, y - up / 2);
  const [right, high] = square.toScreen(x + (width - 0.5) * across, y + (height - 0.5) * up);
  pen.drawImage(sheet, left, high, right - left, low - high);
}

/**
 * @param {number} share
 * @param {Stops} stops
 */
function shade(share, stops) {
  const next = Math.max(
    1,
    stops.findIndex(([at]) => at >= share),
  );
  const [[a, from], [b, to]] = [stops[next - 1], stops[next]];
  return from + ((share - a) / (b - a)) * (to - from);
}

/**
 * The line where a density passes a level: through each square of its lattice, from edge to edge.
 *
 * @param {CanvasRenderingContext2D} pen
 * @param {Onto} square
 * @param {Float32Array} density
 * @param {Grid} grid
 * @param {number} level
 */
export function contour(pen, square, density, [x, y, across, up, height, width], level) {
  /** @type {(corner: Point) => number} */
  const over = ([i, j]) => density[j * width + i] - level;
  pen.beginPath();
  for (let j = 0; j < height - 1; j++) {
    for (let i = 0; i < width - 1; i++) {
      /** @type {Point[]} */
      const corners = [
        [i, j],
        [i + 1, j],
        [i + 1, j + 1],
        [i, j + 1],
      ];
      /** @type {Point[]} */
      const met = [];
      corners.forEach((a, k) => {
        const b = corners[(k + 1) % 4];
        const [from, to] = [over(a), over(b)];
        if (from < 0 === to < 0) return;
        const share = from / (from - to);
        const [column, row] = [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])];
        met.push(square.toScreen(x + across * column, y + up * row));
      });
      for (let k = 0; k + 1 < met.length; k += 2) {
        pen.moveTo(...met[k]);
        pen.lineTo(...met[k + 1]);
      }
    }
  }
  pen.stroke();
}
