// Sets of images as vaecore/serving/studies/sheets.py packs them, and PCA of them.
import { answerAt } from "../brought.js";

/** @import { Shape } from "../network.js" */
/** @import { Examples } from "./trainer.js" */
/**
 * A set that a page offers.
 *
 * @typedef {object} SetData
 * @property {string} name
 * @property {string} title
 * @property {Shape} shape
 * @property {string[]} classes
 * @property {number} training - Images; none is counted before they are asked for.
 * @property {number} test
 * @property {number[]} errors - Squared errors of PCA with 1, 2 ... components.
 * @property {string | null} address - None where it is to be asked for.
 * @property {string} why - It cannot be had, in a sentence; nothing where it can.
 */
/**
 * @typedef {object} Opened
 * @property {SetData} described
 * @property {Examples} training
 * @property {Examples} test
 * @property {Examples} [shown] - Of which codes are shown, where test images are few: these first.
 * @property {Float32Array} mean
 * @property {Float32Array} components - PCA's, one after the other.
 */

/** @param {Shape} shape */
export const pixelsOf = ([channels, height, width]) => channels * height * width;

/**
 * Whether its images are points of the plane.
 *
 * @param {SetData} set
 */
export const isPlane = ({ shape }) => pixelsOf(shape) === 2;

/**
 * Whether its images are drawn in the page.
 *
 * @param {SetData} set
 */
export const isDrawn = ({ name }) => name === "drawn";

/**
 * @param {SetData} described
 * @returns {Promise<Opened>}
 */
export async function fetchSet(described) {
  const { address, shape, training, test, errors } = described;
  const answer = await answerAt(address ?? "");
  if (!answer.ok || !answer.body)
    throw new Error(`${described.title} did not come: the server answered ${answer.status}`);
  const buffer = await new Response(answer.body.pipeThrough(new DecompressionStream("deflate"))).arrayBuffer();
  const pixels = pixelsOf(shape);
  const [counted, size] = [training + test, isPlane(described) ? 4 : 1];
  const all = size === 4 ? new Float32Array(buffer, 0, counted * pixels) : new Uint8Array(buffer, 0, counted * pixels);
  const labels = new Uint8Array(buffer, size * counted * pixels, counted);
  const floats = new Float32Array(buffer.slice(size * counted * pixels + counted));
  return {
    described,
    training: { pixels: all.slice(0, training * pixels), labels: labels.slice(0, training) },
    test: { pixels: all.slice(training * pixels), labels: labels.slice(training) },
    mean: floats.subarray(0, pixels),
    components: floats.subarray(pixels, pixels * (1 + errors.length)),
  };
}

/**
 * The first images as numbers in 0 to 1.
 *
 * @param {Examples} examples
 * @param {number} pixels
 * @param {number} count
 */
export function firstOf({ pixels: all }, pixels, count) {
  const part = Float32Array.from(all.subarray(0, pixels * count));
  return all instanceof Uint8Array ? part.map((grey) => grey / 255) : part;
}

/**
 * What PCA makes of images with so many components.
 *
 * @param {Opened} set
 * @param {Float32Array} images
 * @param {number} k
 */
export function byPca({ mean, components }, images, k) {
  const pixels = mean.length;
  const found = new Float32Array(images.length);
  for (let at = 0; at < images.length; at += pixels) {
    found.set(mean, at);
    for (let c = 0; c < k * pixels; c += pixels) {
      let code = 0;
      for (let i = 0; i < pixels; i++) code += components[c + i] * (images[at + i] - mean[i]);
      for (let i = 0; i < pixels; i++) found[at + i] += code * components[c + i];
    }
  }
  return found;
}

/**
 * The squared error of each image, in the mean.
 *
 * @param {Float32Array} images
 * @param {Float32Array} others
 * @param {number} pixels
 */
export function squaredErrors(images, others, pixels) {
  let sum = 0;
  for (let i = 0; i < images.length; i++) sum += (images[i] - others[i]) ** 2;
  return (sum * pixels) / images.length;
}
