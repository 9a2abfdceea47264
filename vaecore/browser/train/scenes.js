// What is drawn of a model while it trains: its codes, the plane of points, and sheets of pictures.
import { penOf } from "../picture.js";
import { Plane, Square } from "../plane.js";
import { sharpPen } from "./curves.js";
import { pixelsOf } from "./sets.js";

/** @import { Shape } from "../network.js" */
/** @import { Point } from "../numbers.js" */
/** @import { Legend } from "../plane.js" */
/** @import { Opened } from "./sets.js" */
/** @import { Codes, Manifold } from "./views.js" */

const TURN = 2 * Math.PI;
const DOT = 2.6; // radius
const ELLIPSES = 60; // of the first images
const FOLLOWS = 0.12; // of its way, that the window goes in a frame
const GAP = 1; // pixels between pictures

// A window that follows what it shows without a jump.
export class CodesScene {
  constructor() {
    this.square = new Square();
    this.fresh = true;
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Codes} codes
   * @param {ArrayLike<number>} labels
   * @param {Legend} legend
   * @param {{ ink: string, prior: boolean, still: boolean }} look
   */
  draw(canvas, codes, labels, legend, { ink, prior, still }) {
    const plane = new Plane(codes.points);
    const share = this.fresh || still ? 1 : FOLLOWS;
    const [x, y] = this.square.center;
    const [a, b] = plane.center;
    const span = this.square.span + share * (plane.span - this.square.span);
    this.square.show([x + share * (a - x), y + share * (b - y)], span);
    plane.show(this.square.center, span);
    this.fresh = false;
    const pen = plane.pen(canvas);
    if (!plane.side) return;
    if (prior) rings(pen, plane, ink);
    dots(pen, plane, labels, legend);
    if (codes.scales.length) ellipses(pen, plane, codes.scales, labels, legend);
    plane.names(pen, plane.medians(labels, legend.names.length), legend);
  }
}

/**
 * N(0, I) at one and two scales.
 *
 * @param {CanvasRenderingContext2D} pen
 * @param {Plane} plane
 * @param {string} ink
 */
function rings(pen, plane, ink) {
  [pen.strokeStyle, pen.lineWidth, pen.globalAlpha] = [ink, 1, 0.3];
  for (const scale of [1, 2]) {
    pen.beginPath();
    pen.arc(...plane.toScreen(0, 0), scale * plane.scale, 0, TURN);
    pen.stroke();
  }
  pen.globalAlpha = 1;
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Plane} plane
 * @param {ArrayLike<number>} labels
 * @param {Legend} legend
 */
function dots(pen, plane, labels, { colors }) {
  pen.globalAlpha = 0.8;
  for (let i = 0; i < plane.count; i++) {
    pen.fillStyle = colors[labels[i] % colors.length];
    pen.beginPath();
    pen.arc(...plane.place(i), DOT, 0, TURN);
    pen.fill();
  }
  pen.globalAlpha = 1;
}

/**
 * The posteriors of the first images, to scale.
 *
 * @param {CanvasRenderingContext2D} pen
 * @param {Plane} plane
 * @param {Float32Array} scales
 * @param {ArrayLike<number>} labels
 * @param {Legend} legend
 */
function ellipses(pen, plane, scales, labels, { colors }) {
  [pen.lineWidth, pen.globalAlpha] = [1, 0.7];
  for (let i = 0; i < Math.min(ELLIPSES, plane.count); i++) {
    pen.strokeStyle = colors[labels[i] % colors.length];
    pen.beginPath();
    pen.ellipse(...plane.place(i), scales[2 * i] * plane.scale, scales[2 * i + 1] * plane.scale, 0, 0, TURN);
    pen.stroke();
  }
  pen.globalAlpha = 1;
}

/**
 * Codes of one number: a lane for each class.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {Codes} codes
 * @param {ArrayLike<number>} labels
 * @param {Legend} legend
 */
export function drawLanes(canvas, { points }, labels, { colors, names, inks }) {
  const { pen, width, height } = sharpPen(canvas);
  const values = points.filter((_, i) => i % 2 === 0);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const lane = height / names.length;
  pen.globalAlpha = 0.7;
  values.forEach((value, i) => {
    const across = 12 + ((width - 24) * (value - low)) / (high - low || 1);
    const scattered = ((i * 0.618034) % 1) - 0.5; // apart from its neighbours
    pen.fillStyle = colors[labels[i] % colors.length];
    pen.beginPath();
    pen.arc(across, lane * (labels[i] + 0.5 + 0.6 * scattered), DOT, 0, TURN);
    pen.fill();
  });
  pen.globalAlpha = 0.92;
  [pen.font, pen.textBaseline] = ["bold 12px sans-serif", "middle"];
  names.forEach((name, label) => {
    const wide = pen.measureText(name).width + 10;
    pen.fillStyle = colors[label % colors.length];
    pen.fillRect(4, lane * label + 4, wide, 18);
    pen.fillStyle = inks[label % inks.length];
    pen.fillText(name, 9, lane * label + 13);
  });
  pen.globalAlpha = 1;
}

/**
 * Points of the plane, where the model takes them, and what all its codes decode to: a curve, or a net.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {Opened} set
 * @param {Float32Array} rebuilt
 * @param {Manifold} manifold
 * @param {Legend} legend
 * @param {{ ink: string, made: string, baseline: string }} look
 */
export function drawPlane(canvas, { test, mean, components }, rebuilt, manifold, legend, { ink, made, baseline }) {
  const plane = new Plane(Float32Array.from(test.pixels));
  plane.show([0.5, 0.5], 1);
  const pen = plane.pen(canvas);
  if (!plane.side) return;
  [pen.strokeStyle, pen.lineWidth, pen.globalAlpha] = [ink, 1, 0.16];
  pen.beginPath();
  for (let i = 0; i < plane.count; i++) {
    pen.moveTo(...plane.place(i));
    pen.lineTo(...plane.toScreen(rebuilt[2 * i], rebuilt[2 * i + 1]));
  }
  pen.stroke();
  dots(pen, plane, test.labels, legend);
  [pen.strokeStyle, pen.lineWidth] = [baseline, 2];
  pen.setLineDash([6, 5]);
  const ends = [-1, 1].map((way) => plane.toScreen(mean[0] + way * components[0], mean[1] + way * components[1]));
  pen.beginPath();
  for (const end of ends) pen.lineTo(...end);
  pen.stroke();
  pen.setLineDash([]);
  [pen.strokeStyle, pen.lineWidth] = [made, manifold.rows.length || manifold.pictures.length > 200 ? 1 : 3];
  for (const path of threads(manifold)) {
    pen.beginPath();
    for (const i of path) pen.lineTo(...plane.toScreen(manifold.pictures[2 * i], manifold.pictures[2 * i + 1]));
    pen.stroke();
  }
}

/**
 * The lines of what a code decodes to, as places among its pictures: each row, and of a plane each column.
 *
 * @param {Manifold} manifold
 */
function threads({ pictures, columns, rows }) {
  const lines = pictures.length / 2 / columns;
  const across = Array.from({ length: columns }, (_, i) => i);
  const along = Array.from({ length: lines }, (_, row) => across.map((i) => row * columns + i));
  if (lines === 1 || rows.length) return along;
  return along.concat(across.map((column) => along.map((row) => row[column])));
}

/**
 * Pictures on one canvas, row by row; weights around zero as greys, each in its own range.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {Float32Array} pictures
 * @param {Shape} shape
 * @param {number} columns
 */
export function drawSheet(canvas, pictures, shape, columns, signed = false) {
  const [channels, height, width] = shape;
  const pixels = pixelsOf(shape);
  const [green, blue] = channels === 3 ? [height * width, 2 * height * width] : [0, 0];
  const count = pictures.length / pixels;
  const [wide, high] = [columns * (width + GAP) - GAP, Math.ceil(count / columns) * (height + GAP) - GAP];
  if (canvas.width !== wide || canvas.height !== high) {
    Object.assign(canvas, { width: wide, height: high });
    canvas.style.aspectRatio = `${wide} / ${high}`;
  }
  const image = new ImageData(wide, high);
  const words = new Uint32Array(image.data.buffer); // a pixel in one: alpha, blue, green, red
  for (let n = 0; n < count; n++) {
    let from = n * pixels;
    const [scale, middle] = signed ? [0.5 / mostOf(pictures, from, from + pixels), 0.5] : [1, 0];
    const corner = Math.floor(n / columns) * (height + GAP) * wide + (n % columns) * (width + GAP);
    for (let row = 0; row < height; row++) {
      const to = corner + row * wide;
      for (let i = 0; i < width; i++, from++) {
        const red = level(middle + scale * pictures[from]);
        const others = green ? [green, blue].map((away) => level(middle + scale * pictures[from + away])) : null;
        words[to + i] = others
          ? 0xff000000 | (others[1] << 16) | (others[0] << 8) | red
          : 0xff000000 | (red * 0x010101);
      }
    }
  }
  penOf(canvas).putImageData(image, 0, 0);
}

/**
 * A share of white, as a byte.
 *
 * @param {number} share
 */
const level = (share) => (share <= 0 ? 0 : share >= 1 ? 255 : (255 * share + 0.5) | 0);

/**
 * @param {Float32Array} numbers
 * @param {number} from
 * @param {number} to
 */
function mostOf(numbers, from, to) {
  let most = 1e-12;
  for (let i = from; i < to; i++) most = Math.max(most, Math.abs(numbers[i]));
  return most;
}
