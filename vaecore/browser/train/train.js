// Training in the page: a worker trains, and this shows what it has come to, as often as the display can.
import { answerAt } from "../brought.js";
import { Component, mounting } from "../component.js";
import { make } from "../dom.js";
import { formOf, selectOf } from "./controls.js";
import { Drawer } from "./drawer.js";
import { npzOf } from "./drawings.js";
import { DRAWINGS, folderName, runFiles, zipOf } from "./folder.js";
import { SeedsPanel } from "./seedspanel.js";
import { fetchSet, isDrawn } from "./sets.js";
import { CHOICES, begun, paceOf, tuned, usual } from "./settings.js";
import { Showing } from "./showing.js";
import { completedPair, pairOf } from "./twins.js";

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
    /** @type {Frame[]} Of one training, or of two. */
    this.frames = [];
    this.running = false;
    this.waiting = false; // for frames
    this.again = false; // whether another is to be asked for then
    this.run = 0; // of those begun; frames of an earlier one are too late
    this.showing = new Showing(root, () => this.look());
    this.drawer = new Drawer(this.find(".drawn"), () => this.use(this.drawer.opened()));
    this.press(".play", () =>
      this.running ? this.say({ kind: "pause" }) : this.say({ kind: "train", steps: Infinity }),
    );
    this.press(".one", () => this.say({ kind: "train", steps: 1 }));
    this.press(".epoch", () => this.say({ kind: "epoch" }));
    this.press(".again", () => this.begin());
    this.press(".take", () => this.worker?.postMessage({ kind: "take" }));
    this.seeds = new SeedsPanel(this.find(".seeds"), () => this.study());
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
    if (!this.settings.set) this.settings = completedPair(data.settings, data.sets);
    else if (this.offered !== data.sets.length) this.list();
    this.offered = data.sets.length;
    await this.open();
  }

  /** Have the set that is chosen, and begin; one that is not here yet is asked for. */
  async open() {
    const { data, settings } = this;
    const wanted = data.sets.find(({ name }) => name === settings.set) ?? data.sets[0];
    this.drawer.show(isDrawn(wanted) ? wanted : null, data.colors);
    if (this.set?.described.name === wanted.name || this.isWaiting) return;
    this.list();
    if (!wanted.address && !isDrawn(wanted)) {
      this.keep();
      return;
    }
    try {
      const set = isDrawn(wanted) ? this.drawer.opened() : await fetchSet(wanted);
      if (this.settings.set === wanted.name) await this.use(set);
    } catch (error) {
      this.explain(error instanceof Error ? error.message : String(error));
    }
  }

  /**
   * Train on a set; on none there is nothing to see.
   *
   * @param {Opened | null} set
   */
  async use(set) {
    this.worker ??= await this.hire();
    if (set && set.described.name !== this.settings.set) return; // another one has been chosen meanwhile
    this.set = set;
    this.showing.wait(!set);
    if (set) this.say({ kind: "data", sets: { training: set.training, test: set.test, shown: set.shown } });
    else this.worker.postMessage({ kind: "pause" });
    this.running &&= set !== null;
    this.begin();
  }

  /** Whether too little is drawn to train on. */
  get isWaiting() {
    return !this.set && this.root.classList.contains("waiting") && this.settings.set === "drawn";
  }

  /** A worker of its script: as a blob, for a page may come from anywhere. */
  async hire() {
    const source = await (await answerAt(this.data.worker)).text();
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

  /** Ask for frames; while some are on their way, for others after them. */
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
      this.seeds.clear();
      this.explain(told.why);
      this.draw();
      return;
    }
    if (told.kind === "states") return this.take(told.states);
    if (told.kind === "studied") {
      if (told.run === this.run) this.seeds.show(told.share, told.found);
      return;
    }
    this.waiting = false;
    if (!this.set || told.run !== this.run) return this.look();
    [this.frames, this.running] = [told.frames, told.running];
    requestAnimationFrame(() => {
      this.draw();
      if (this.running || this.again) this.look();
    });
  }

  /**
   * Hand out the models as they are seen.
   *
   * @param {State[]} states
   */
  take(states) {
    const { frames, set } = this;
    const { pair } = this.showing;
    if (!frames.length || !set) return;
    /** @type {Record<string, Uint8Array>} */
    const packed = {};
    pair.forEach((own, i) => {
      const files = runFiles(own, set.described, states[i], frames[i], location.search);
      if (isDrawn(set.described)) files[DRAWINGS] = npzOf(set);
      for (const [name, data] of Object.entries(files)) packed[`${folderName(own)}/${name}`] = data;
    });
    const href = URL.createObjectURL(new Blob([zipOf(packed)], { type: "application/zip" }));
    make("a", { href, download: `${folderName({ ...pair[0], mark: "" })}.zip` }).click();
    URL.revokeObjectURL(href);
    const opens = pair.map((own) => `vaecore.load("${folderName(own)}")`).join(" and ");
    this.find(".taken").textContent = pair[1]
      ? `Unzip it: ${opens} open them, and so does any page here, by their folders.`
      : `Unzip it: ${opens} opens it, and so does any page here, by its folder.`;
  }

  /** Start with the settings as they are. */
  begin() {
    const { set, settings } = this;
    this.explain("");
    this.find(".taken").textContent = "";
    this.list();
    this.keep();
    if (!set) return;
    const pair = pairOf(settings);
    this.showing.begin(set, pair, this.data);
    this.seeds.begin(pair);
    this.run += 1;
    this.say({ kind: "pace", perSecond: paceOf(settings) });
    this.say({ kind: "begin", begins: pair.map((own) => begun(own, set.described)) });
    if (this.running) this.say({ kind: "train", steps: Infinity });
  }

  /** Have both settings train over the seeds, or have that end. */
  study() {
    const { set, frames, seeds, showing } = this;
    if (!set || !frames.length) return;
    if (seeds.running) {
      this.say({ kind: "leave" });
      seeds.clear();
      return;
    }
    const epochs = Math.floor(frames[0].epochs);
    if (!seeds.start(showing.pair, epochs)) return;
    const begins = showing.pair.map((own) => begun(own, set.described));
    this.explain("");
    this.say({ kind: "study", wanted: { begins, epochs } });
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

  /** Write the form anew; what had the focus keeps it. */
  list() {
    const page = this.root.getRootNode();
    const focused = page instanceof ShadowRoot || page instanceof Document ? page.activeElement : null;
    const name = this.find(".settings").contains(focused) && focused?.getAttribute("name");
    this.find(".settings").replaceChildren(
      ...formOf(this.settings, this.data.sets, (key, value) => this.choose(key, value)),
    );
    const speed = selectOf("speed", this.settings.speed, CHOICES.speed.options);
    speed.ariaLabel = CHOICES.speed.label;
    speed.onchange = () => this.choose("speed", speed.value);
    this.find(".speed").replaceChildren(speed);
    const control = name && this.root.querySelector(`.settings [name="${name}"]`);
    if (control instanceof HTMLElement) control.focus();
  }

  /**
   * @param {string} key
   * @param {string} value
   */
  choose(key, value) {
    const { data, settings } = this;
    const { set, seed, speed, twin = "", objective } = settings;
    /** @type {Record<string, Settings>} */
    const fresh = { set: { objective, seed, speed, twin }, objective: { set, seed, speed, twin } };
    this.settings = completedPair({ ...(fresh[key] ?? settings), [key]: value }, data.sets);
    if (key === "speed") {
      this.keep();
      this.say({ kind: "pace", perSecond: paceOf(this.settings) });
      return;
    }
    if (CHOICES[key]?.live && this.set?.described.name === this.settings.set) {
      const pair = pairOf(this.settings);
      this.showing.pair = pair;
      this.seeds.begin(pair);
      this.say({ kind: "tune", tuned: pair.map((own) => tuned(own)) });
      if (CHOICES[key].slides) return; // it is being dragged
      this.list();
    } else if (this.set?.described.name !== this.settings.set) this.open();
    else this.begin();
  }

  /** @param {string} why */
  explain(why) {
    const trouble = this.find(".trouble");
    [trouble.textContent, trouble.hidden] = [why, !why];
    if (why) this.running = false;
  }

  draw() {
    const { frames, set, running } = this;
    if (!frames.length || !set) return;
    this.showing.draw(frames, running);
    this.find(".play").textContent = running ? "Pause" : "Play";
    const [{ step, at, kept }] = frames;
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
