// What is reckoned of an ellipse under a function log p(x, z) of the place.

/** @import { Point } from "../numbers.js" */
/** @typedef {[x: number, y: number, logWide: number, logHigh: number]} Ellipse - A Gaussian: its mean, its log scales. */
/** @typedef {(x: number, y: number) => number} Joint - log p(x, z) in nats; NaN where it is not known. */

const REACH = 4;
const STEP = 0.25; // of the integral, in scales
const UNITS = Array.from({ length: (2 * REACH) / STEP + 1 }, (_, i) => -REACH + i * STEP);

/**
 * E_q[log p(x, z)] + H(q), in nats: a sum in units of q's scale.
 *
 * @param {Ellipse} q
 * @param {Joint} joint
 */
export function elbo([x, y, logWide, logHigh], joint) {
  const [wide, high] = [Math.exp(logWide), Math.exp(logHigh)];
  let sum = 0;
  let total = 0;
  for (const v of UNITS) {
    for (const u of UNITS) {
      const weight = Math.exp(-(u * u + v * v) / 2);
      sum += weight * joint(x + wide * u, y + high * v);
      total += weight;
    }
  }
  return sum / total + logWide + logHigh + Math.log(2 * Math.PI) + 1;
}

/**
 * The samples of q at draws of N(0, I), with their shares of the weight p(x, z) / q(z).
 *
 * @param {Ellipse} q
 * @param {Point[]} units - The draws.
 * @param {Joint} joint
 */
export function weigh([x, y, logWide, logHigh], units, joint) {
  const [wide, high] = [Math.exp(logWide), Math.exp(logHigh)];
  /** @type {Point[]} */
  const codes = units.map(([u, v]) => [x + wide * u, y + high * v]);
  const ratios = units.map(([u, v], i) => joint(...codes[i]) + (u * u + v * v) / 2);
  const top = Math.max(...ratios);
  const raw = ratios.map((each) => Math.exp(each - top));
  const total = raw.reduce((sum, each) => sum + each, 0);
  return { codes, weights: raw.map((each) => each / total) };
}
