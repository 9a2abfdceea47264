// What can be chosen of a training, what is usual, and what it means for the worker.
import { isPlane, pixelsOf } from "./sets.js";

/** @import { SetData } from "./sets.js" */
/** @import { Begin, Tuned } from "./run.js" */
/** @typedef {Record<string, string>} Settings - By the keys of CHOICES; words, as the address has them. */
/**
 * @typedef {object} Choice
 * @property {string} label
 * @property {[value: string, title: string][]} options
 * @property {boolean} [live] - Whether it acts while the training goes on; others start again.
 * @property {boolean} [slides] - Whether it is a slider.
 * @property {boolean} [apart] - Whether it is no part of the form.
 * @property {(settings: Settings) => boolean} [when] - Whether it means anything.
 */

/** @param {(string | number)[]} values @returns {[string, string][]} */
const plain = (...values) => values.map((value) => [String(value), String(value)]);

/** @type {Record<string, string>} */
const ONE_LAYER = { hidden: "none", latent: "64" };
/** @type {Record<string, { title: string, usual: Settings, plane: boolean }>} */
export const OBJECTIVES = {
  linear: { title: "Linear autoencoder", usual: { hidden: "none" }, plane: true },
  autoencoder: { title: "Autoencoder", usual: {}, plane: true },
  denoising: { title: "Denoising", usual: {}, plane: true },
  "sparse-l1": { title: "Sparse, by L1", usual: ONE_LAYER, plane: false },
  "sparse-kl": { title: "Sparse, by KL", usual: ONE_LAYER, plane: false },
  contractive: { title: "Contractive", usual: ONE_LAYER, plane: false },
  vae: { title: "VAE", usual: {}, plane: true },
  "beta-vae": { title: "β-VAE", usual: { latent: "8" }, plane: false },
  cvae: { title: "VAE that is told the class", usual: {}, plane: false },
};

/** @param {...string} names @returns {(settings: Settings) => boolean} */
const of =
  (...names) =>
  ({ objective }) =>
    names.includes(objective);

/** @type {Record<string, Choice>} */
export const CHOICES = {
  set: { label: "Data", options: [] },
  objective: { label: "Objective", options: Object.entries(OBJECTIVES).map(([name, { title }]) => [name, title]) },
  beta: {
    label: "β, the price of a nat",
    options: plain(0, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16),
    live: true,
    slides: true,
    when: of("beta-vae"),
  },
  annealing: {
    label: "β climbs",
    options: [
      ["none", "not at all"],
      ["linear", "once"],
      ["cyclic", "in cycles"],
    ],
    live: true,
    when: of("vae", "beta-vae", "cvae"),
  },
  climb: {
    label: "Climb, epochs",
    options: plain(1, 2, 5, 10, 20, 50, 100),
    live: true,
    when: ({ annealing, ...others }) => annealing !== "none" && of("vae", "beta-vae", "cvae")({ ...others }),
  },
  noise: {
    label: "Noise",
    options: plain("masking", "gaussian", "salt and pepper"),
    live: true,
    when: of("denoising"),
  },
  level: {
    label: "Level of the noise",
    options: plain(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8),
    live: true,
    slides: true,
    when: of("denoising"),
  },
  sparsity: {
    label: "λ, the price of activity",
    options: plain(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2),
    live: true,
    slides: true,
    when: of("sparse-l1", "sparse-kl"),
  },
  activity: {
    label: "ρ, the wanted activity",
    options: plain(0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
    live: true,
    slides: true,
    when: of("sparse-kl"),
  },
  contraction: {
    label: "λ, the price of ‖J‖²",
    options: plain(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1),
    live: true,
    slides: true,
    when: of("contractive"),
  },
  rate: { label: "Learning rate", options: plain(0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03), live: true },
  batch: { label: "Batch", options: plain(16, 32, 64, 128, 256), live: true },
  hidden: {
    label: "Hidden layers",
    options: plain("none", "16", "32", "64", "128", "256", "32-32", "64-32", "128-64", "256-128"),
    when: ({ objective }) => !["linear", "sparse-l1", "sparse-kl", "contractive"].includes(objective),
  },
  latent: { label: "Latent size", options: plain(1, 2, 3, 4, 8, 16, 32, 64, 128) },
  activation: {
    label: "Activation",
    options: plain("gelu", "relu", "leaky", "tanh", "sigmoid", "identity"),
    when: ({ objective, hidden }) => objective !== "linear" && hidden !== "none",
  },
  seed: { label: "Seed", options: [] },
  speed: {
    label: "Speed",
    options: [
      ["full", "as fast as it can"],
      ["60", "60 batches a second"],
      ["10", "10 batches a second"],
      ["1", "1 batch a second"],
    ],
    live: true,
    apart: true,
  },
};
/** @type {Settings} */
const USUAL = {
  ...{ objective: "vae", hidden: "64", latent: "2", activation: "gelu", rate: "0.003", batch: "64", seed: "0" },
  ...{ beta: "4", noise: "masking", level: "0.5", sparsity: "0.1", activity: "0.05", contraction: "0.01" },
  ...{ annealing: "none", climb: "10", speed: "full" },
};
const LARGEST_SEED = 9999;

/**
 * What is usual of a set and an objective.
 *
 * @param {SetData} set
 * @param {string} objective
 * @returns {Settings}
 */
export function usual(set, objective) {
  /** @type {Settings} */
  let own = {};
  if (isPlane(set))
    own = { hidden: "32-32", latent: "1", activation: "tanh", rate: "0.01", level: "0.1", noise: "gaussian" };
  else if (pixelsOf(set.shape) > 100) own = { hidden: "128", rate: "0.001" };
  return { ...USUAL, ...own, ...OBJECTIVES[objective].usual, set: set.name, objective };
}

/**
 * Whether a set can be learned by an objective.
 *
 * @param {string} objective
 * @param {SetData} set
 */
export const fits = (objective, set) =>
  (OBJECTIVES[objective].plane || !isPlane(set)) && (objective !== "cvae" || set.classes.length > 1);

/**
 * Settings that can be meant: what is missing or unknown is as usual.
 *
 * @param {Settings} asked
 * @param {SetData[]} sets
 */
export function completed(asked, sets) {
  const set = sets.find(({ name, why }) => name === asked.set && !why) ?? sets[0];
  const can = (/** @type {string} */ name) => name in OBJECTIVES && fits(name, set);
  const wanted = isPlane(set) ? "autoencoder" : "vae";
  const found = usual(set, can(asked.objective) ? asked.objective : wanted);
  for (const [key, { options }] of Object.entries(CHOICES)) {
    if (options.some(([value]) => value === asked[key]) && key !== "objective") found[key] = asked[key];
  }
  if (/^\d{1,4}$/.test(asked.seed ?? "") && Number(asked.seed) <= LARGEST_SEED) found.seed = asked.seed;
  if (!CHOICES.hidden.when?.(found)) found.hidden = "none";
  return found;
}

/**
 * What acts at once.
 *
 * @param {Settings} settings
 * @returns {Tuned}
 */
export function tuned(settings) {
  const { objective, noise, annealing, ...others } = settings;
  const number = (/** @type {string} */ key) => Number(others[key]);
  return {
    descent: { rate: number("rate"), batch: number("batch") },
    annealing: { kind: CHOICES.annealing.when?.(settings) ? annealing : "none", climb: number("climb") },
    own: {
      beta: objective === "beta-vae" ? number("beta") : 1,
      corruption: noise,
      level: number("level"),
      sparsity: number("sparsity"),
      activity: number("activity"),
      contraction: number("contraction"),
    },
  };
}

/**
 * Batches a second, at most.
 *
 * @param {Settings} settings
 */
export const paceOf = ({ speed }) => (speed === "full" ? Infinity : Number(speed));

/**
 * What a worker begins with.
 *
 * @param {Settings} settings
 * @param {SetData} set
 * @returns {Begin}
 */
export function begun(settings, set) {
  const { objective, hidden, latent, activation, seed } = settings;
  return {
    seed: Number(seed),
    tuned: tuned(settings),
    build: {
      model: objective,
      pixels: pixelsOf(set.shape),
      classes: set.classes.length,
      hidden: hidden === "none" ? [] : hidden.split("-").map(Number),
      latent: Number(latent),
      activation,
      likelihood: isPlane(set) ? "gaussian" : "bernoulli", // two grey pixels would not be worth a code's price
    },
  };
}
