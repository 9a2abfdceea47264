// Trains beside the page. It takes messages between steps, and shows frames when it is asked for them.
import { Group } from "./group.js";
import { Pace } from "./pace.js";
import { Study } from "./seeds.js";

/** @import { State } from "./folder.js" */
/** @import { Judged } from "./judging.js" */
/** @import { Begin, Frame, Sets, Tuned } from "./run.js" */
/** @import { Wanted } from "./seeds.js" */
/**
 * What the page says; of all that trains side by side in the same order.
 *
 * @typedef {{ kind: "data", sets: Sets } | { kind: "begin", begins: Begin[] } | { kind: "tune", tuned: Tuned[] }
 *   | { kind: "train", steps: number } | { kind: "epoch" } | { kind: "pause" } | { kind: "back", at: number }
 *   | { kind: "pace", perSecond: number } | { kind: "look", wanted: string[] } | { kind: "take" }
 *   | { kind: "study", wanted: Wanted } | { kind: "leave" }} WorkerSaid
 */
/**
 * What the worker says: frames and whether it goes on, the parameters, how far the seeds are and what they came to, or
 * why it stopped.
 *
 * @typedef {{ kind: "frames", frames: Frame[], running: boolean, run: number } | { kind: "states", states: State[] }
 *   | { kind: "studied", share: number, found: Judged[][] | null, run: number }
 *   | { kind: "failed", why: string }} WorkerTold
 */

const SLICE = 12; // milliseconds between messages
const SHARE = 2; // times as long as a frame takes it trains before the next
const TOLD = 100; // milliseconds between two words on how far the seeds are

/** @type {{ onmessage: ((event: MessageEvent<WorkerSaid>) => void) | null, postMessage: (told: WorkerTold) => void }} */
const page = /** @type {any} */ (globalThis);
const turns = new MessageChannel(); // faster than a timer, and it lets messages in

/** @type {Sets | null} */
let sets = null;
/** @type {Group | null} */
let group = null;
/** @type {Study | null} */
let study = null;
let begun = 0; // groups
let steps = 0; // left to take
let untilEpoch = false;
const pace = new Pace();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let called = false; // whether a turn is on its way
/** @type {string[] | null} What the page waits to see. */
let asked = null;
let rested = 0; // milliseconds of training that the next frames wait for
let told = 0; // when the page was told of the seeds

function slice() {
  called = false;
  if (!group) return;
  try {
    train(group);
    if (study) learn(study);
    show();
  } catch (error) {
    fail(error);
  }
  goOn();
}

/** @param {Group} all */
function train(all) {
  const start = performance.now();
  let now = start;
  while (steps > 0 && now - start < SLICE && pace.rest(now) === 0) {
    steps -= 1;
    if (all.step() && untilEpoch) steps = 0;
    now = performance.now();
    pace.took(now);
  }
  rested -= now - start;
}

/** @param {Study} all */
function learn(all) {
  const start = performance.now();
  while (study && performance.now() - start < SLICE) if (all.step()) study = null;
  if (study && start - told < TOLD) return;
  told = start;
  page.postMessage({ kind: "studied", share: all.share, found: study ? null : all.found, run: begun });
}

/** Have another slice: at once, or when the next step is due. */
function goOn() {
  clearTimeout(timer);
  if (called || (steps === 0 && !study)) return;
  const rest = study ? 0 : pace.rest(performance.now());
  called = rest === 0;
  if (called) turns.port2.postMessage(null);
  else timer = setTimeout(slice, rest);
}

/** @param {unknown} error */
function fail(error) {
  steps = 0;
  study = null;
  page.postMessage({ kind: "failed", why: error instanceof Error ? error.message : String(error) });
}

function show() {
  if (!group || !asked || (pace.isFull && steps > 0 && rested > 0)) return;
  const start = performance.now();
  const frames = group.frames(asked);
  asked = null;
  rested = SHARE * (performance.now() - start);
  page.postMessage({ kind: "frames", frames, running: steps > 0, run: begun });
}

/** @param {WorkerSaid} said */
function hear(said) {
  if (said.kind === "data") {
    sets = said.sets;
    [group, study] = [null, null];
  } else if (said.kind === "begin" && sets) {
    group = new Group(said.begins, sets);
    study = null;
    begun += 1;
    rested = 0;
  } else if (said.kind === "look") asked = said.wanted;
  else if (said.kind === "pause") steps = 0;
  else if (said.kind === "leave") study = null;
  else if (said.kind === "pace") pace.set(said.perSecond, performance.now());
  else if (group && sets) act(said, group, sets);
}

/**
 * @param {WorkerSaid} said
 * @param {Group} all
 * @param {Sets} on
 */
function act(said, all, on) {
  if (said.kind === "tune") {
    all.tune(said.tuned);
    study = null;
  } else if (said.kind === "take")
    page.postMessage({ kind: "states", states: all.runs.map(({ trainer }) => trainer.state()) });
  else if (said.kind === "back") {
    steps = 0;
    all.goBack(said.at);
  } else if (said.kind === "study") study = new Study(said.wanted, on);
  else if (said.kind === "train" || said.kind === "epoch") {
    untilEpoch = said.kind === "epoch";
    if (steps === 0) pace.start(performance.now());
    steps = said.kind === "train" ? said.steps : Infinity;
  }
}

turns.port1.onmessage = slice;
page.onmessage = ({ data }) => {
  try {
    hear(data);
    show();
  } catch (error) {
    fail(error);
  }
  goOn();
};
