// The terms of the loss over the epochs, on training and test images: a panel for each term.
import { penOf } from "../picture.js";

/** @import { Curves } from "./run.js" */
/**
 * @typedef {object} Panel
 * @property {string} title
 * @property {number} term - Column of the curves' rows; those of the training may have fewer.
 * @property {number | null} level - Of a dashed line, PCA's.
 * @property {Trace[]} traces - Whose curves are in it.
 */
/**
 * @typedef {object} Trace
 * @property {{ curves: Curves, left: Curves | null }} of - And of a branch that was left.
 * @property {string} color
 * @property {number[]} dash
 */

const EDGE = { left: 46, right: 6, top: 16, bottom: 16 };
const SETTLED = 0.04; // of the epochs, whose steep beginning needs no room once there is more

/**
 * A canvas's pen in the pixels of the page, the canvas wiped, and its size.
 *
 * @param {HTMLCanvasElement} canvas
 */
export function sharpPen(canvas) {
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const [wide, high] = [width, height].map((size) => Math.round(size * devicePixelRatio));
  if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
  const pen = penOf(canvas);
  pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  pen.clearRect(0, 0, width, height);
  return { pen, width, height };
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Panel[]} panels
 * @param {number} now - Epochs at which the model stands.
 * @param {{ ink: string, baseline: string }} colors
 */
export function drawCurves(canvas, panels, now, { ink, baseline }) {
  const { pen, width, height } = sharpPen(canvas);
  const ends = panels.flatMap(({ traces }) => traces.flatMap(({ of }) => [of.curves, of.left]));
  const last = Math.max(1, now, ...ends.map((each) => each?.test.at(-1)?.[0] ?? 0));
  const across = width - EDGE.left - EDGE.right;
  const x = (/** @type {number} */ epoch) => EDGE.left + (across * epoch) / last;
  pen.font = "11px sans-serif";
  panels.forEach(({ title, term, level, traces }, i) => {
    const share = height / panels.length;
    const [top, bottom] = [i * share + EDGE.top, (i + 1) * share - EDGE.bottom];
    const rows = traces
      .flatMap(({ of }) => [of.curves, of.left].flatMap((each) => (each ? each.training.concat(each.test) : [])))
      .filter((row) => term < row.length);
    const settled = rows.filter(([at]) => at >= SETTLED * last);
    const late = (settled.length > traces.length ? settled : rows).map((row) => row[term]);
    const values = level === null ? late : [...late, level];
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const room = 0.06 * (high - low) || 0.5;
    const y = (/** @type {number} */ value) =>
      bottom - ((bottom - top) * (value - low + room)) / (high - low + 2 * room);
    [pen.fillStyle, pen.strokeStyle, pen.lineWidth, pen.globalAlpha] = [ink, ink, 1, 0.2];
    pen.strokeRect(EDGE.left, top, across, bottom - top);
    pen.globalAlpha = 0.85;
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (const value of [low, high]) pen.fillText(written(value), EDGE.left - 5, y(value));
    pen.textAlign = "left";
    pen.fillText(title, EDGE.left, top - 8);
    pen.textAlign = "right";
    if (i === panels.length - 1)
      pen.fillText(last < 1.5 ? "1 epoch" : `${Math.round(last)} epochs`, width - EDGE.right, bottom + 9);
    pen.save();
    pen.beginPath();
    pen.rect(EDGE.left, top, across, bottom - top);
    pen.clip();
    if (level !== null)
      line(
        pen,
        [
          [0, level],
          [last, level],
        ],
        x,
        y,
        1,
        { color: baseline, wide: 1.5, alpha: 1, dash: traces.length > 1 ? [1.5, 3] : [5, 4] },
      );
    for (const { of, color, dash } of traces) {
      if (of.left) line(pen, of.left.test, x, y, term, { color, wide: 1.5, alpha: 0.3, dash: [] });
      line(pen, of.curves.training, x, y, term, { color, wide: 1, alpha: traces.length > 1 ? 0.4 : 0.55, dash: [] });
      line(pen, of.curves.test, x, y, term, { color, wide: 2.2, alpha: 1, dash });
    }
    [pen.globalAlpha, pen.fillStyle] = [0.6, ink];
    pen.fillRect(x(now) - 0.5, top, 1, bottom - top);
    pen.restore();
  });
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {number[][]} rows
 * @param {(epoch: number) => number} x
 * @param {(value: number) => number} y
 * @param {number} term
 * @param {{ color: string, wide: number, alpha: number, dash: number[] }} look
 */
function line(pen, rows, x, y, term, { color, wide, alpha, dash }) {
  [pen.strokeStyle, pen.lineWidth, pen.globalAlpha] = [color, wide, alpha];
  pen.setLineDash(dash);
  pen.beginPath();
  for (const row of rows) if (term < row.length) pen.lineTo(x(row[0]), y(row[term]));
  pen.stroke();
  pen.setLineDash([]);
}

/**
 * A number in few digits.
 *
 * @param {number} value
 */
export function written(value) {
  const size = Math.abs(value);
  if (size > 0 && size < 1e-4) return value.toExponential(1).replaceAll("-", "\u2212");
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : size >= 0.01 ? 3 : size >= 1e-4 ? 4 : 0;
  return value.toFixed(digits).replace("-", "\u2212");
}
