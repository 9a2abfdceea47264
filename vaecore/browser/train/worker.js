// Trains beside the page. It takes messages between steps, and shows a frame when it is asked for one.
import { Run } from "./run.js";

/** @import { State } from "./folder.js" */
/** @import { Begin, Frame, Sets, Tuned } from "./run.js" */
/**
 * What the page says.
 *
 * @typedef {{ kind: "data", sets: Sets } | { kind: "begin", begin: Begin } | { kind: "tune", tuned: Tuned }
 *   | { kind: "train", steps: number } | { kind: "epoch" } | { kind: "pause" } | { kind: "back", at: number }
 *   | { kind: "look", wanted: string[] } | { kind: "take" }} WorkerSaid
 */
/**
 * What the worker says: a frame and whether it goes on, the parameters, or why it stopped.
 *
 * @typedef {{ kind: "frame", frame: Frame, running: boolean, run: number } | { kind: "state", state: State }
 *   | { kind: "failed", why: string }} WorkerTold
 */

const SLICE = 12; // milliseconds between messages
const SHARE = 2; // times as long as a frame takes it trains before the next

/** @type {{ onmessage: ((event: MessageEvent<WorkerSaid>) => void) | null, postMessage: (told: WorkerTold) => void }} */
const page = /** @type {any} */ (globalThis);
const turns = new MessageChannel(); // faster than a timer, and it lets messages in

/** @type {Sets | null} */
let sets = null;
/** @type {Run | null} */
let run = null;
let begun = 0; // runs
let steps = 0; // left to take
let untilEpoch = false;
/** @type {string[] | null} What the page waits to see. */
let asked = null;
let rested = 0; // milliseconds of training that the next frame waits for

function slice() {
  if (!run) return;
  const start = performance.now();
  try {
    while (steps > 0 && performance.now() - start < SLICE) {
      steps -= 1;
      if (run.step() && untilEpoch) steps = 0;
      const { distortion } = run.trainer.model.terms;
      if (!Number.isFinite(distortion)) throw new Error("The loss is no number any more: try a smaller learning rate.");
    }
    rested -= performance.now() - start;
    show();
  } catch (error) {
    steps = 0;
    page.postMessage({ kind: "failed", why: error instanceof Error ? error.message : String(error) });
  }
  if (steps > 0) turns.port2.postMessage(null);
}

function show() {
  if (!run || !asked || (steps > 0 && rested > 0)) return;
  const start = performance.now();
  const frame = run.frame(asked);
  asked = null;
  rested = SHARE * (performance.now() - start);
  page.postMessage({ kind: "frame", frame, running: steps > 0, run: begun });
}

/** @param {number} count */
function train(count) {
  const wasStill = steps === 0;
  steps = count;
  if (wasStill) turns.port2.postMessage(null);
}

/** @param {WorkerSaid} said */
function hear(said) {
  if (said.kind === "data") {
    sets = said.sets;
    run = null;
  } else if (said.kind === "begin" && sets) {
    run = new Run(said.begin, sets);
    begun += 1;
    rested = 0;
  } else if (said.kind === "look") {
    asked = said.wanted;
  } else if (said.kind === "pause") steps = 0;
  else if (!run) return;
  else if (said.kind === "tune") run.tune(said.tuned);
  else if (said.kind === "take") page.postMessage({ kind: "state", state: run.trainer.state() });
  else if (said.kind === "back") {
    steps = 0;
    run.goBack(said.at);
  } else if (said.kind === "train" || said.kind === "epoch") {
    untilEpoch = said.kind === "epoch";
    train(said.kind === "train" ? said.steps : Infinity);
  }
}

turns.port1.onmessage = slice;
page.onmessage = ({ data }) => {
  try {
    hear(data);
    show();
  } catch (error) {
    page.postMessage({ kind: "failed", why: error instanceof Error ? error.message : String(error) });
  }
};
