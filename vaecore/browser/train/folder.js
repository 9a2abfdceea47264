// A run as `vaecore.load` takes it: recipe, weights and card in a folder, and that in a zip.
import { annealingSettings } from "./annealing.js";
import { isDrawn } from "./sets.js";
import { begun, tuned } from "./settings.js";

/** @import { Frame } from "./run.js" */
/** @import { SetData } from "./sets.js" */
/** @import { Settings } from "./settings.js" */
/** @typedef {Record<string, { shape: number[], numbers: Float32Array }>} State - Parameters by their names in torch. */

const FORMAT = 1; // of vaecore.recipe
const USED = 20; // version 2.0 of the format of zip files is all that this needs
const LOCAL = 0x04034b50; // signatures of its parts
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const SIZES = { local: 30, central: 46, end: 22 }; // bytes of theirs, without names
const DAY = 0x21; // the first of the year 1980, before which there is none

/**
 * The name of a run's folder.
 *
 * @param {Settings} settings
 */
export const folderName = ({ objective, set, mark = "" }) => `${objective}-${set}-trained-here${mark}`;

/** Of drawings, in a run's folder. */
export const DRAWINGS = "drawings.npz";

/**
 * The files of a run, by their names.
 *
 * @param {Settings} settings
 * @param {SetData} set
 * @param {State} state
 * @param {Frame} frame - Of the moment that is taken.
 * @param {string} address - That repeats the run.
 * @returns {Record<string, Uint8Array>}
 */
export function runFiles(settings, set, state, { epochs, step }, address) {
  const recipe = recipeOf(settings, set, Math.ceil(epochs));
  const card = {
    name: recipe.name,
    recipe,
    data: { name: set.name, train: set.training, pixels: "in [0, 1]" },
    shape: set.shape,
    classes: set.classes,
    parameters: Object.values(state).reduce((sum, { numbers }) => sum + numbers.length, 0),
    seed: Number(settings.seed),
    made: `${step} steps in a page, at one learning rate: ${address}`,
  };
  const text = (/** @type {object} */ value) => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
  return { "recipe.json": text(recipe), "weights.safetensors": safetensors(state), "card.json": text(card) };
}

/**
 * @param {Settings} settings
 * @param {SetData} set
 * @param {number} epochs - Done.
 */
function recipeOf(settings, set, epochs) {
  const { model, hidden, latent, activation } = begun(settings, set).build;
  const { own: numbers, annealing } = tuned(settings);
  const { beta, corruption, level, sparsity, activity, contraction } = numbers;
  const annealed = annealingSettings(annealing, epochs);
  /** @type {Record<string, object>} */
  const own = {
    denoising: { corruption, level },
    "sparse-l1": { sparsity },
    "sparse-kl": { sparsity, activity },
    contractive: { contraction },
    "beta-vae": { beta },
  };
  return {
    format: FORMAT,
    name: folderName(settings),
    model,
    dataset: isDrawn(set) ? `${folderName(settings)}/${DRAWINGS}?split=contiguous` : set.name, // tests are at its end
    settings: { latent, hidden, activation, ...own[model], ...annealed.settings },
    training: {
      epochs: annealed.epochs,
      batch: Number(settings.batch),
      learning_rate: Number(settings.rate),
      weight_decay: 0,
    },
  };
}

/**
 * Parameters in one file: the length of what describes them, that as JSON, and all numbers.
 *
 * @param {State} state
 */
export function safetensors(state) {
  /** @type {Record<string, object>} */
  const described = {};
  let size = 0;
  for (const [name, { shape, numbers }] of Object.entries(state)) {
    described[name] = { dtype: "F32", shape, data_offsets: [size, (size += 4 * numbers.length)] };
  }
  const words = JSON.stringify(described);
  const header = new TextEncoder().encode(words.padEnd(Math.ceil(words.length / 8) * 8));
  const file = new Uint8Array(8 + header.length + size);
  const view = new DataView(file.buffer);
  view.setBigUint64(0, BigInt(header.length), true);
  file.set(header, 8);
  let at = 8 + header.length;
  for (const { numbers } of Object.values(state)) {
    for (const number of numbers) view.setFloat32((at += 4) - 4, number, true);
  }
  return file;
}

/**
 * Files in one, not squeezed.
 *
 * @param {Record<string, Uint8Array>} files - By their paths.
 */
export function zipOf(files) {
  const all = Object.entries(files).map(([path, data]) => ({ name: new TextEncoder().encode(path), data }));
  const size = all.reduce(
    (sum, { name, data }) => sum + SIZES.local + SIZES.central + 2 * name.length + data.length,
    SIZES.end,
  );
  const zip = new Uint8Array(size);
  const view = new DataView(zip.buffer);
  let at = 0;
  const short = (/** @type {number[]} */ ...values) =>
    values.forEach((value) => view.setUint16((at += 2) - 2, value, true));
  const long = (/** @type {number[]} */ ...values) =>
    values.forEach((value) => view.setUint32((at += 4) - 4, value, true));
  const bytes = (/** @type {Uint8Array} */ data) => zip.set(data, (at += data.length) - data.length);
  const places = all.map(({ name, data }) => {
    const [place, sum] = [at, checksum(data)];
    long(LOCAL);
    short(USED, 0, 0, 0, DAY);
    long(sum, data.length, data.length);
    short(name.length, 0);
    bytes(name);
    bytes(data);
    return { place, sum };
  });
  const begin = at;
  all.forEach(({ name, data }, i) => {
    long(CENTRAL);
    short(USED, USED, 0, 0, 0, DAY);
    long(places[i].sum, data.length, data.length);
    short(name.length, 0, 0, 0, 0);
    long(0, places[i].place);
    bytes(name);
  });
  const length = at - begin;
  long(END);
  short(0, 0, all.length, all.length);
  long(length, begin);
  short(0);
  return zip;
}

/**
 * The cyclic redundancy check of zip files (ISO 3309), bit by bit.
 *
 * @param {Uint8Array} data
 */
function checksum(data) {
  let sum = ~0;
  for (const byte of data) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}
