// The panel that says whether twins differ by more than their seeds do.
import { one, make } from "../dom.js";
import { sentences } from "./verdict.js";

/** @import { Judged } from "./judging.js" */
/** @import { Settings } from "./settings.js" */

export class SeedsPanel {
  /**
   * @param {HTMLElement} root
   * @param {() => void} press
   */
  constructor(root, press) {
    this.button = one(root, ".three", HTMLButtonElement);
    this.progress = one(root, "progress", HTMLProgressElement);
    this.verdict = one(root, ".verdict", HTMLElement);
    this.running = false;
    /** @type {Settings[]} */
    this.pair = [];
    this.epochs = 0;
    this.button.onclick = press;
  }

  /**
   * Other settings: what was found of the ones before goes.
   *
   * @param {Settings[]} pair
   */
  begin(pair) {
    this.pair = pair;
    this.clear();
  }

  clear() {
    this.wait(false);
    this.verdict.replaceChildren();
  }

  /** @param {boolean} running */
  wait(running) {
    this.running = running;
    this.progress.hidden = !running;
    this.button.textContent = running ? "Stop" : "Over three seeds";
  }

  /**
   * Wait for what is found; returns whether there is anything to wait for.
   *
   * @param {Settings[]} pair
   * @param {number} epochs
   */
  start(pair, epochs) {
    Object.assign(this, { pair, epochs });
    this.wait(epochs > 0);
    this.progress.value = 0;
    this.say(epochs > 0 ? [] : ["Train for an epoch first: the seeds train as long as the two above have."]);
    return epochs > 0;
  }

  /**
   * @param {number} share
   * @param {Judged[][] | null} found
   */
  show(share, found) {
    if (!this.running) return;
    this.progress.value = share;
    if (!found) return;
    this.wait(false);
    this.say(sentences(this.pair, found, this.epochs));
  }

  /** @param {string[]} said */
  say(said) {
    this.verdict.replaceChildren(...said.map((textContent) => make("p", { textContent })));
  }
}
