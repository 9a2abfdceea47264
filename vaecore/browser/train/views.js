// What is seen of a model while it trains: where its codes lie, what it rebuilds, what it decodes, what it looks for.

/** @import { Examples, Trainer } from "./trainer.js" */
/**
 * Pictures are in 0 to 1, one after the other; weights around 0.
 *
 * @typedef {object} Views
 * @property {Codes} [codes]
 * @property {Float32Array} [rebuilt] - The first test images, from their codes.
 * @property {Manifold} [manifold]
 * @property {Float32Array} [weights] - Of the first units of the first layer.
 * @property {number[]} [rates] - What each number of the code costs, in nats, in the mean over the shown images.
 */
/**
 * @typedef {object} Codes
 * @property {Float32Array} points - x and y of the first test images, by turns.
 * @property {Float32Array} scales - Of the posterior there, by turns; empty where there is none.
 * @property {[number, number] | null} axes - Which numbers of the code they are; none where they are the codes' two
 *   principal components, for without a prior the single numbers mean nothing.
 */
/**
 * @typedef {object} Manifold
 * @property {Float32Array} pictures - Row by row from the top.
 * @property {number} columns
 * @property {number[]} rows - Which number of the code each row moves; empty where a square is a plane.
 */

export const SHOWN = { codes: 400, rebuilt: 10, side: 12, rows: 8, columns: 11, units: 32, line: 64 };
const TURNS = 3; // of the power iteration, in a frame
const TAIL = 0.02; // of the codes on each side is no part of what is decoded

/**
 * @param {Trainer} trainer
 * @param {Examples} test
 * @param {string[]} wanted
 * @param {Examples} [coded] - Of which the codes are.
 * @returns {Views}
 */
export function views(trainer, test, wanted, coded = test) {
  /** @type {Views} */
  const found = {};
  if (wanted.includes("codes") || wanted.includes("manifold")) {
    const codes = encoded(trainer, coded);
    found.codes = planeOf(trainer, codes);
    if (codes.scales.length) found.rates = codes.rates;
    if (wanted.includes("manifold")) found.manifold = manifold(trainer, codes.means);
  }
  if (wanted.includes("rebuilt")) found.rebuilt = rebuilt(trainer, test);
  if (wanted.includes("weights")) found.weights = weights(trainer);
  return found;
}

/**
 * Put test images into the model, undamaged; returns how many rows that are.
 *
 * @param {Trainer} trainer
 * @param {Examples} test
 * @param {number} from
 * @param {number} most
 */
function shown(trainer, test, from, most) {
  const { model } = trainer;
  const rows = Math.min(model.batch, most - from, test.labels.length - from);
  for (let r = 0; r < rows; r++) trainer.take(test, from + r, r);
  const { corruption } = model.own;
  model.own.corruption = "none";
  model.show(rows, trainer.labels);
  model.own.corruption = corruption;
  model.encode(rows);
  return rows;
}

/**
 * @param {Trainer} trainer
 * @param {Examples} test
 */
function encoded(trainer, test) {
  const { model } = trainer;
  const { latent } = model.build;
  const count = Math.min(SHOWN.codes, test.labels.length);
  const means = new Float32Array(count * latent);
  const scales = new Float32Array(model.isVariational ? count * latent : 0);
  const rates = Array.from({ length: latent }, () => 0);
  for (let from = 0; from < count;) {
    const rows = shown(trainer, test, from, count);
    const { data, stride } = model.code.out;
    for (let r = 0; r < rows; r++) {
      for (let i = 0; i < latent; i++) {
        const to = (from + r) * latent + i;
        means[to] = data[r * stride + i];
        if (!model.isVariational) continue;
        scales[to] = Math.exp(data[r * stride + latent + i]);
        rates[i] += (scales[to] ** 2 + means[to] ** 2 - 1 - 2 * Math.log(scales[to])) / 2 / count;
      }
    }
    from += rows;
  }
  return { means, scales, rates };
}

/**
 * @param {Trainer} trainer
 * @param {{ means: Float32Array, scales: Float32Array }} codes
 * @returns {Codes}
 */
function planeOf(trainer, { means, scales }) {
  const { latent } = trainer.model.build;
  if (latent > 2 && !scales.length) return { points: projected(trainer.axes, means, latent), scales, axes: null };
  const axes = widest(means, latent);
  return { points: pairs(means, latent, axes), scales: pairs(scales, latent, axes), axes };
}

/**
 * Codes on their two principal components, which are sought from where they were found last, so that they do not jump.
 *
 * @param {Float32Array[]} axes
 * @param {Float32Array} means
 * @param {number} latent
 */
function projected(axes, means, latent) {
  const count = means.length / latent;
  const middle = new Float64Array(latent);
  means.forEach((value, i) => (middle[i % latent] += value / count));
  const points = new Float32Array(2 * count);
  for (let turn = 0; turn <= TURNS; turn++) {
    axes.forEach((axis, a) => {
      for (let r = 0; r < count; r++) {
        let sum = 0;
        for (let i = 0; i < latent; i++) sum += axis[i] * (means[r * latent + i] - middle[i]);
        points[2 * r + a] = sum;
      }
    });
    if (turn === TURNS) break;
    axes.forEach((axis, a) => {
      axis.fill(0);
      means.forEach(
        (value, at) => (axis[at % latent] += points[2 * Math.floor(at / latent) + a] * (value - middle[at % latent])),
      );
      for (const before of axes.slice(0, a)) {
        const along = before.reduce((sum, value, i) => sum + value * axis[i], 0);
        before.forEach((value, i) => (axis[i] -= along * value));
      }
      const length = Math.hypot(...axis) || 1;
      axis.forEach((value, i) => (axis[i] = value / length));
    });
  }
  return points;
}

/**
 * The two numbers of the code that differ most between images, in their order; twice the only one.
 *
 * @param {Float32Array} means
 * @param {number} latent
 * @returns {[number, number]}
 */
function widest(means, latent) {
  if (latent <= 2) return [0, latent - 1];
  const spread = Array.from({ length: latent }, (_, i) => varianceOf(means, latent, i));
  const [one, other] = spread.map((_, i) => i).sort((i, j) => spread[j] - spread[i]);
  return one < other ? [one, other] : [other, one];
}

/**
 * @param {Float32Array} means
 * @param {number} latent
 * @param {number} column
 */
function varianceOf(means, latent, column) {
  const count = means.length / latent;
  let [sum, squares] = [0, 0];
  for (let r = column; r < means.length; r += latent) {
    sum += means[r];
    squares += means[r] * means[r];
  }
  return squares / count - (sum / count) ** 2;
}

/**
 * @param {Float32Array} numbers
 * @param {number} latent
 * @param {[number, number]} axes
 */
function pairs(numbers, latent, axes) {
  const found = new Float32Array((2 * numbers.length) / latent);
  for (let i = 0; i < found.length; i++) found[i] = numbers[(i >> 1) * latent + axes[i & 1]];
  return found;
}

/**
 * What the plane of the code decodes to, in the class of the last image that was shown; of more numbers the code of the
 * first test image, of which each row moves one, the widest first; of a single one a line.
 *
 * @param {Trainer} trainer
 * @param {Float32Array} means
 * @returns {Manifold}
 */
function manifold({ model }, means) {
  const { latent, pixels } = model.build;
  const ends = Array.from({ length: latent }, (_, i) => endsOf(means, latent, i));
  const plane = latent === 2;
  const rows = latent > 2 ? ends.map((_, i) => i).sort((i, j) => width(ends[j]) - width(ends[i])) : [];
  rows.length = Math.min(rows.length, SHOWN.rows);
  const points = latent === 1 && pixels === 2;
  const columns = points ? SHOWN.line : plane ? SHOWN.side : SHOWN.columns;
  const lines = plane ? SHOWN.side : Math.max(1, rows.length);
  const pictures = new Float32Array(lines * columns * pixels);
  for (let row = 0; row < lines; row++) {
    const { data, stride } = model.z.out;
    for (let column = 0; column < columns; column++) {
      const share = column / (columns - 1);
      for (let i = 0; i < latent; i++) {
        const [low, high] = ends[i];
        const moved = plane && i ? 1 - row / (lines - 1) : share;
        const still = latent > 2 && i !== rows[row];
        data[column * stride + i] = still ? means[i] : low + moved * (high - low);
      }
    }
    model.decode(columns);
    copyRows(model.mean, columns, pictures, row * columns * pixels);
  }
  return { pictures, columns, rows };
}

/** @param {[number, number]} ends */
const width = ([low, high]) => high - low;

/**
 * Where a number of the code ends, but for a few.
 *
 * @param {Float32Array} means
 * @param {number} latent
 * @param {number} column
 * @returns {[number, number]}
 */
function endsOf(means, latent, column) {
  const sorted = means.filter((_, i) => i % latent === column).sort();
  const last = sorted.length - 1;
  return [sorted[Math.floor(TAIL * last)], sorted[Math.ceil((1 - TAIL) * last)]];
}

/**
 * @param {Trainer} trainer
 * @param {Examples} test
 */
function rebuilt(trainer, test) {
  const { model } = trainer;
  const count = model.build.pixels === 2 ? test.labels.length : SHOWN.rebuilt;
  const found = new Float32Array(Math.min(count, test.labels.length) * model.build.pixels);
  for (let from = 0; from * model.build.pixels < found.length;) {
    const rows = shown(trainer, test, from, count);
    model.decode(rows);
    copyRows(model.mean, rows, found, from * model.build.pixels);
    from += rows;
  }
  return found;
}

/** @param {Trainer} trainer */
function weights({ model }) {
  const { out, shape } = model.parameters[0];
  const units = Math.min(SHOWN.units, shape[0]);
  const found = new Float32Array(units * model.build.pixels);
  copyRows({ ...out, width: model.build.pixels }, units, found, 0);
  return found;
}

/**
 * @param {{ data: Float32Array, width: number, stride: number }} from
 * @param {number} rows
 * @param {Float32Array} to
 * @param {number} at
 */
function copyRows({ data, width: columns, stride }, rows, to, at) {
  for (let r = 0; r < rows; r++) to.set(data.subarray(r * stride, r * stride + columns), at + r * columns);
}
