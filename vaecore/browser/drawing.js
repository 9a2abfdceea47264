// Strokes as the image that a model was trained on. vaecore/serving/drawings.py says why; this is the same in the page.
import { clamp, perAxis } from "./numbers.js";

/** @import { Shape } from "./network.js" */
/** @import { Point } from "./numbers.js" */
/** @typedef {Point[]} Stroke - In shares of the canvas, x to the right and y down. */

const MNIST = { side: 28, box: 20, middle: 13.75 };
const PEN = 1.2; // radius, in these pixels
const SPECK = 0.02; // of the canvas: a drawing no larger is not blown up

/**
 * Strokes as an image, in 0 to 1.
 *
 * @param {Stroke[]} strokes - At least one.
 * @param {Shape} shape
 */
export function prepareDrawing(strokes, [channels, height, width]) {
  const side = Math.min(height, width);
  const asMnist = height === MNIST.side && width === MNIST.side;
  const picture = asMnist ? centred(strokes) : byArea(filled(strokes), side);
  const [top, left] = [(height - side) >> 1, (width - side) >> 1];
  const image = new Float32Array(channels * height * width);
  for (let c = 0; c < channels; c++) {
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        image[(c * height + top + row) * width + left + column] = picture[row * side + column];
      }
    }
  }
  return image;
}

/**
 * The ink with its centre of mass in the middle, or as near to it as keeps all of it inside.
 *
 * @param {Stroke[]} strokes
 */
function centred(strokes) {
  const boxed = moved(scaled(strokes), [(MNIST.side - 1) / 2, (MNIST.side - 1) / 2]);
  const ink = inked(boxed, MNIST.side);
  let [whole, across, down] = [0, 0, 0];
  for (let i = 0; i < ink.length; i++) {
    whole += ink[i];
    across += ink[i] * (i % MNIST.side);
    down += ink[i] * Math.floor(i / MNIST.side);
  }
  const room = (MNIST.side - MNIST.box) / 2;
  const sums = [across, down];
  const way = perAxis((axis) => clamp(MNIST.middle - sums[axis] / whole, -room, room));
  return inked(moved(boxed, way), MNIST.side);
}

/**
 * The ink with its larger side as the side of the picture.
 *
 * @param {Stroke[]} strokes
 */
function filled(strokes) {
  return inked(moved(scaled(strokes), [(MNIST.box - 1) / 2, (MNIST.box - 1) / 2]), MNIST.box);
}

/**
 * Strokes around zero, whose ink has the larger side of the box.
 *
 * @param {Stroke[]} strokes
 * @returns {Stroke[]}
 */
function scaled(strokes) {
  const low = [Infinity, Infinity];
  const high = [-Infinity, -Infinity];
  for (const point of strokes.flat()) {
    for (const axis of [0, 1]) {
      low[axis] = Math.min(low[axis], point[axis]);
      high[axis] = Math.max(high[axis], point[axis]);
    }
  }
  const extent = Math.max(high[0] - low[0], high[1] - low[1]);
  const scale = extent > SPECK ? (MNIST.box - 2 * PEN) / extent : 0;
  return strokes.map((stroke) =>
    stroke.map((point) => perAxis((axis) => (point[axis] - (low[axis] + high[axis]) / 2) * scale)),
  );
}

/**
 * @param {Stroke[]} strokes
 * @param {Point} way
 * @returns {Stroke[]}
 */
function moved(strokes, [x, y]) {
  return strokes.map((stroke) => stroke.map((point) => [point[0] + x, point[1] + y]));
}

/**
 * How much of each pixel a round pen covers along the strokes; the centre of pixel i is at i.
 *
 * @param {Stroke[]} strokes
 * @param {number} side
 */
function inked(strokes, side) {
  const nearest = new Float64Array(side * side).fill(Infinity); // squared distance
  for (const stroke of strokes) {
    for (let i = 0; i < Math.max(1, stroke.length - 1); i++) {
      approach(nearest, side, stroke[i], stroke[Math.min(i + 1, stroke.length - 1)]);
    }
  }
  return nearest.map((distance) => clamp(PEN + 0.5 - Math.sqrt(distance), 0, 1));
}

/**
 * Bring pixels nearer by the line between two points: only those that the pen reaches from it.
 *
 * @param {Float64Array} nearest
 * @param {number} side
 * @param {Point} start
 * @param {Point} end
 */
function approach(nearest, side, start, end) {
  const reach = PEN + 0.5;
  const [x, y] = [end[0] - start[0], end[1] - start[1]];
  const length = Math.max(x * x + y * y, 1e-18); // a dot's line is a point
  const [left, top] = perAxis((axis) => Math.max(0, Math.ceil(Math.min(start[axis], end[axis]) - reach)));
  const [right, bottom] = perAxis((axis) => Math.min(side - 1, Math.floor(Math.max(start[axis], end[axis]) + reach)));
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const [across, down] = [column - start[0], row - start[1]];
      const share = clamp((across * x + down * y) / length, 0, 1);
      const distance = (across - share * x) ** 2 + (down - share * y) ** 2;
      if (distance < nearest[row * side + column]) nearest[row * side + column] = distance;
    }
  }
}

/**
 * A square picture with another number of pixels, each the mean of the area that it covers.
 *
 * @param {Float64Array} picture
 * @param {number} side
 */
function byArea(picture, side) {
  const size = Math.sqrt(picture.length);
  const wide = size / side;
  /** @type {(to: number, from: number) => number} */
  const shared = (to, from) => Math.max(0, Math.min((to + 1) * wide, from + 1) - Math.max(to * wide, from)) / wide;
  const smaller = new Float64Array(side * side);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      for (let i = Math.floor(row * wide); i < Math.min(size, (row + 1) * wide); i++) {
        for (let j = Math.floor(column * wide); j < Math.min(size, (column + 1) * wide); j++) {
          smaller[row * side + column] += shared(row, i) * shared(column, j) * picture[i * size + j];
        }
      }
    }
  }
  return smaller;
}
