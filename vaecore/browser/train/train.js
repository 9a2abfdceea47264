// Training in the page: a worker trains, and this shows what it has come to, as often as the display can.
import { Component, mounting } from "../component.js";
import { make } from "../dom.js";
import { formOf } from "./controls.js";
import { folderName, runFiles, zipOf } from "./folder.js";
import { fetchSet } from "./sets.js";
import { CHOICES, begun, completed, tuned, usual } from "./settings.js";
import { Showing } from "./showing.js";

/** @import { State } from "./folder.js" */
/** @import { Frame } from "./run.js" */
/** @import { Opened, SetData } from "./sets.js" */
/** @import { Settings } from "./settings.js" */
/** @import { WorkerSaid, WorkerTold } from "./worker.js" */
/**
 * What Python sends.
 *
 * @typedef {object} TrainData
 * @property {SetData[]} sets
 * @property {string} worker - Where its script is.
 * @property {Record<string, string>} settings - Those that the address has.
 * @property {string[]} colors - Of the classes, and what is written on them.
 * @property {string[]} inks
 * @property {Record<string, string>} variables - Colours, by what they stand for.
 * @property {number} turn
 */

/** @extends {Component<TrainData>} */
class Training extends Component {
  /** @param {HTMLElement} root */
  constructor(root) {
    super(root);
    /** @type {Worker | null} */
    this.worker = null;
    /** @type {Opened | null} */
    this.set = null;
    this.offered = 0; // sets
    /** @type {Settings} */
    this.settings = {};
    /** @type {Frame | null} */
    this.frame = null;
    this.running = false;
    this.waiting = false; // for a frame
    this.again = false; // whether another is to be asked for then
    this.run = 0; // of those begun; frames of an earlier one are too late
    this.showing = new Showing(root, () => this.look());
    this.press(".play", () =>
      this.running ? this.say({ kind: "pause" }) : this.say({ kind: "train", steps: Infinity }),
    );
    this.press(".one", () => this.say({ kind: "train", steps: 1 }));
    this.press(".epoch", () => this.say({ kind: "epoch" }));
    this.press(".again", () => this.begin());
    this.press(".take", () => this.worker?.postMessage({ kind: "take" }));
    this.scrub = /** @type {HTMLInputElement} */ (this.find(".scrub"));
    this.scrub.oninput = () => {
      this.say({ kind: "back", at: Number(this.scrub.value) });
    };
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(root);
  }

  /**
   * @param {string} selector
   * @param {() => void} act
   */
  press(selector, act) {
    this.find(selector).onclick = act;
  }

  /**
   * @override
   * @param {TrainData} data
   */
  async update(data) {
    this.shown = data;
    if (!this.settings.set) this.settings = completed(data.settings, data.sets);
    else if (this.offered !== data.sets.length) this.list();
    this.offered = data.sets.length;
    await this.open();
  }

  /** Have the set that is chosen, and begin; one that is not here yet is asked for. */
  async open() {
    const { data, settings } = this;
    const wanted = data.sets.find(({ name }) => name === settings.set) ?? data.sets[0];
    if (this.set?.described.name === wanted.name) return;
    this.list();
    if (!wanted.address) {
      this.keep();
      return;
    }
    try {
      const set = await fetchSet(wanted);
      this.worker ??= await this.hire();
      if (this.settings.set !== wanted.name) return;
      this.set = set;
      this.say({ kind: "data", sets: { training: set.training, test: set.test } });
      this.begin();
    } catch (error) {
      this.explain(error instanceof Error ? error.message : String(error));
    }
  }

  /** A worker of its script: as a blob, for a page may come from anywhere. */
  async hire() {
    const source = await (await fetch(this.data.worker)).text();
    const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    const worker = new Worker(address);
    worker.onmessage = ({ data }) => this.hear(data);
    worker.onerror = ({ message }) => this.explain(message);
    return worker;
  }

  /** @param {WorkerSaid} said */
  say(said) {
    if (said.kind === "train" || said.kind === "epoch") this.explain("");
    this.worker?.postMessage(said);
    this.look();
  }

  /** Ask for a frame; while one is on its way, for another after it. */
  look() {
    this.again = this.waiting;
    if (this.waiting || !this.set) return;
    this.waiting = true;
    this.worker?.postMessage({ kind: "look", wanted: this.showing.wanted() });
  }

  /** @param {WorkerTold} told */
  hear(told) {
    if (told.kind === "failed") {
      this.waiting = false;
      this.explain(told.why);
      this.draw();
      return;
    }
    if (told.kind === "state") return this.take(told.state);
    this.waiting = false;
    if (told.run !== this.run) return this.look();
    [this.frame, this.running] = [told.frame, told.running];
    requestAnimationFrame(() => {
      this.draw();
      if (this.running || this.again) this.look();
    });
  }

  /**
   * Hand out the model as it is seen.
   *
   * @param {State} state
   */
  take(state) {
    const { frame, set, settings } = this;
    if (!frame || !set) return;
    const folder = folderName(settings);
    const files = Object.entries(runFiles(settings, set.described, state, frame, location.search));
    const zip = zipOf(Object.fromEntries(files.map(([name, data]) => [`${folder}/${name}`, data])));
    const href = URL.createObjectURL(new Blob([zip], { type: "application/zip" }));
    make("a", { href, download: `${folder}.zip` }).click();
    URL.revokeObjectURL(href);
    this.find(".taken").textContent =
      `Unzip it: vaecore.load("${folder}") opens it, and so does any page here, by its folder.`;
  }

  /** Start with the settings as they are. */
  begin() {
    const { set, settings } = this;
    if (!set) return;
    this.explain("");
    this.find(".taken").textContent = "";
    this.list();
    this.keep();
    this.showing.begin(set, settings, this.data);
    this.run += 1;
    this.say({ kind: "begin", begin: begun(settings, set.described) });
    if (this.running) this.say({ kind: "train", steps: Infinity });
  }

  /** Let the address have what differs from what is usual. */
  keep() {
    const set = this.data.sets.find(({ name }) => name === this.settings.set) ?? this.data.sets[0];
    const common = usual(set, this.settings.objective);
    const own = Object.entries(this.settings).filter(
      ([key, value]) => value !== common[key] || key === "set" || key === "objective",
    );
    this.tell("kept", { settings: Object.fromEntries(own) });
  }

  list() {
    this.find(".settings").replaceChildren(
      ...formOf(this.settings, this.data.sets, (key, value) => this.choose(key, value)),
    );
  }

  /**
   * @param {string} key
   * @param {string} value
   */
  choose(key, value) {
    const { data, settings } = this;
    const kept =
      key === "objective"
        ? { set: settings.set, seed: settings.seed, objective: value }
        : { ...settings, [key]: value };
    this.settings = completed(
      key === "set" ? { set: value, objective: settings.objective, seed: settings.seed } : kept,
      data.sets,
    );
    if (CHOICES[key].live) {
      this.say({ kind: "tune", tuned: tuned(this.settings) });
      return;
    }
    if (key === "set") this.open();
    else this.begin();
    const control = this.root.querySelector(`.settings [name="${key}"]`); // the form was written anew
    if (control instanceof HTMLElement) control.focus();
  }

  /** @param {string} why */
  explain(why) {
    const trouble = this.find(".trouble");
    [trouble.textContent, trouble.hidden] = [why, !why];
    if (why) this.running = false;
  }

  draw() {
    const { frame, set, running } = this;
    if (!frame || !set) return;
    this.showing.draw(frame, running);
    this.find(".play").textContent = running ? "Pause" : "Play";
    const { step, at, kept } = frame;
    this.scrub.max = String(kept.length - 1);
    this.scrub.value = String(at);
    this.find(".time output").textContent = `epoch ${kept[at]}`;
    this.scrub.setAttribute("aria-valuetext", `epoch ${kept[at]}`);
    Object.assign(this.root.dataset, { ready: "true", step, at, running });
  }

  /** @override */
  leave() {
    this.observer.disconnect();
    this.showing.leave();
    this.worker?.terminate();
  }
}

export const mountTrain = mounting(".train", Training);
