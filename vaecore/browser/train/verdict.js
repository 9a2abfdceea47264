// What may be said of two settings that were trained over the same seeds.
import { compared } from "./comparing.js";
import { written } from "./curves.js";
import { isOfNats, namesOf, titleOf, twinIn } from "./twins.js";

/** @import { Judged } from "./judging.js" */
/** @import { Settings } from "./settings.js" */
/** @typedef {{ name: string, unit: string, of: (judged: Judged) => number }} Quantity */

/** @type {Record<string, Quantity>} */
const QUANTITIES = {
  squared: { name: "Squared error", unit: "", of: ({ squared }) => squared },
  distortion: { name: "Distortion", unit: " nats", of: ({ distortion }) => distortion },
  rate: { name: "Rate", unit: " nats", of: ({ rate }) => rate },
  elbo: { name: "Elbo", unit: " nats", of: ({ distortion, rate }) => -distortion - rate },
};

/**
 * What both have, and so can be held against each other by; and why no more, if there would seem to be.
 *
 * @param {Settings[]} pair
 */
export function quantitiesOf(pair) {
  const nats = pair.map((own) => isOfNats(own));
  const told = pair.map(({ objective }) => objective === "cvae");
  const { squared, distortion, rate, elbo } = QUANTITIES;
  if (nats[0] !== nats[1])
    return {
      of: [squared],
      why: "One loss is in nats and the other a squared error, which cannot be compared: this is how well both rebuild.",
    };
  if (!nats[0]) {
    const damaged = pair.some(({ objective }) => objective === "denoising");
    return { of: [squared], why: damaged ? "Both were tested without noise." : "" };
  }
  if (told[0] === told[1]) return { of: [distortion, rate, elbo], why: "" };
  return { of: [distortion, rate], why: "Their elbos cannot be compared: one of them is told the class." };
}

/**
 * A sentence for each quantity: by how much the two differ, by how much seeds do, and which is larger.
 *
 * @param {Settings[]} pair
 * @param {Judged[][]} found - By setting and seed.
 * @param {number} epochs
 */
export function sentences(pair, found, epochs) {
  const [, name] = namesOf(pair);
  const seeds = found[0].map((_, i) => Number(pair[0].seed) + i);
  const { of, why } = quantitiesOf(pair);
  const said = of.map(({ name: what, unit, of: value }) => {
    const [first, other] = found.map((all) => all.map((each) => value(each)));
    const { mean, between, larger } = compared(first, other);
    const far = mean === 0 ? "the same" : `${written(Math.abs(mean))}${unit} ${mean > 0 ? "higher" : "lower"}`;
    return `${what} ${far}: ${larger ? "" : "no "}larger than the difference between seeds, ${written(between)}.`;
  });
  const { key, value: wanted } = twinIn(pair[0]);
  const head = `${name} against ${titleOf(pair[0], key)}, seeds ${seeds.join(", ")}, tested after ${counted(epochs)}`;
  return [pair[0][key] === wanted ? `${head}: there is no difference.` : `${head}:`, ...said, why].filter(Boolean);
}

/** @param {number} epochs */
const counted = (epochs) => (epochs === 1 ? "1 epoch" : `${epochs} epochs`);
