// What trains in a page to take away: the app's component, with its script and its sets in the page.
import { bring } from "../brought.js";
import { mountTrain } from "../train/train.js";
import { giveUp, shadowOf } from "./part.js";
import { bytesOf } from "./unpack.js";

/** @import { TrainData } from "../train/train.js" */
/** @import { PartData } from "./part.js" */
/**
 * What Python wrote into the page.
 *
 * @typedef {object} TrainingData
 * @property {PartData} part
 * @property {TrainData} data
 * @property {string} worker - Its script.
 * @property {Record<string, string>} sheets - The sets' bytes by their addresses, in base64.
 */

/**
 * Let the address say what is set, so that the page opens there again; an address that cannot be changed says nothing.
 *
 * @param {string} name
 * @param {unknown} said
 */
function keepInAddress(name, said) {
  const { settings } = /** @type {{ settings: Record<string, string> }} */ (said);
  try {
    history.replaceState(null, "", `?${new URLSearchParams(settings)}`);
  } catch {
    // a page in a frame without an origin of its own
  }
}

function startTraining() {
  const { part, data, worker, sheets } = /** @type {TrainingData} */ (
    JSON.parse(document.getElementById("training")?.textContent ?? "")
  );
  bring(data.worker, worker);
  for (const [address, base64] of Object.entries(sheets)) bring(address, bytesOf(base64));
  const asked = Object.fromEntries(new URLSearchParams(location.search));
  const settings = "set" in asked ? asked : data.settings;
  mountTrain({
    data: { ...data, settings },
    parentElement: shadowOf("train", part),
    setStateValue: keepInAddress,
  });
}

try {
  startTraining();
} catch (error) {
  giveUp(error);
}
