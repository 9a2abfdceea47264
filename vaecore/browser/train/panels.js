// Which terms of the loss are drawn, in which panel, and how.
import { tuned } from "./settings.js";
import { isOfNats, isShared } from "./twins.js";

/** @import { Panel } from "./curves.js" */
/** @import { Frame } from "./run.js" */
/** @import { Settings } from "./settings.js" */

/** @type {Record<string, string>} What is beside the distortion. */
const TERMS = {
  vae: "rate",
  "beta-vae": "β · rate",
  cvae: "rate",
  "sparse-l1": "sparsity",
  "sparse-kl": "sparsity",
  contractive: "contraction",
};
const COLUMN = { distortion: 1, other: 2, squared: 3, rate: 4 }; // of the rows of a test's curve
const DASHES = [[], [8, 4]]; // of each of two

/**
 * @param {Settings[]} pair
 * @param {Frame[]} frames
 * @param {Record<string, string>} variables - Colours.
 * @param {number} level - PCA's squared error.
 * @returns {Panel[]}
 */
export function panelsOf(pair, frames, { error, z, twin }, level) {
  const nats = isOfNats(pair[0]);
  const shared = isShared(pair);
  const colors = [error, twin];
  const traces = frames.map((of, i) => ({ of, color: colors[i], dash: DASHES[i] }));
  const distortion = { title: nats ? "distortion, nats" : "squared error", term: COLUMN.distortion };
  const squared = { title: "squared error of what is rebuilt", term: COLUMN.squared };
  /** @type {Panel[]} */
  const panels = [{ ...(shared ? distortion : squared), level: shared && nats ? null : level, traces }];
  if (pair.length === 1) {
    const title = TERMS[pair[0].objective];
    const [own] = traces;
    const climbs = tuned(pair[0]).annealing.kind !== "none" ? ", climbing in training" : "";
    if (title)
      panels.push({ title: `${title}${climbs}`, term: COLUMN.other, level: null, traces: [{ ...own, color: z }] });
    return panels;
  }
  const rated = traces.filter((_, i) => isOfNats(pair[i]));
  if (rated.length) panels.push({ title: "rate, nats", term: COLUMN.rate, level: null, traces: rated });
  for (const title of new Set(pair.filter((own) => !isOfNats(own)).map(({ objective }) => TERMS[objective]))) {
    const own = traces.filter((_, i) => TERMS[pair[i].objective] === title);
    if (title) panels.push({ title, term: COLUMN.other, level: null, traces: own });
  }
  return panels;
}
