/** @import { Shape } from "./network.js" */
/** @import { Point } from "./numbers.js" */

/**
 * Draw an image of a model on a canvas of its size.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayLike<number>} pixels - In 0 to 1.
 * @param {Shape} shape
 */
export function paint(canvas, pixels, [channels, height, width]) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const area = height * width;
  const image = new ImageData(width, height);
  for (let i = 0; i < area; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = Math.round(255 * pixels[(channels === 3 ? c * area : 0) + i]);
    image.data[4 * i + 3] = 255;
  }
  penOf(canvas).putImageData(image, 0, 0);
}

/**
 * What draws on a canvas.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {CanvasRenderingContext2DSettings} [settings]
 */
export function penOf(canvas, settings) {
  const pen = canvas.getContext("2d", settings);
  if (!pen) throw new Error("this browser draws on no canvas");
  return pen;
}

/**
 * A line through points.
 *
 * @param {CanvasRenderingContext2D} pen
 * @param {Point[]} points
 * @param {number[]} dashes
 */
export function trace(pen, points, dashes) {
  pen.setLineDash(dashes);
  pen.beginPath();
  for (const point of points) pen.lineTo(...point);
  pen.stroke();
  pen.setLineDash([]);
}
