// Trainings side by side, in lockstep: one, or twins.
import { Run } from "./run.js";

/** @import { Begin, Frame, Sets, Tuned } from "./run.js" */

export class Group {
  /**
   * @param {Begin[]} begins
   * @param {Sets} sets
   */
  constructor(begins, sets) {
    this.runs = begins.map((begin) => new Run(begin, sets, begins.length > 1));
    const room = Math.ceil(Math.min(...this.runs.map((run) => run.room)) / begins.length);
    for (const run of this.runs) run.room = room; // so that all keep the same moments
  }

  /** @param {Tuned[]} tuned */
  tune(tuned) {
    this.runs.forEach((run, i) => run.tune(tuned[i]));
    this.follow();
  }

  /**
   * A step of the first, and of the others as many as it takes them to have seen as much: one, or of other batches more
   * or none. All end an epoch together, for its end is no later than the last batch that fits. Returns whether they did.
   */
  step() {
    const ended = this.runs[0].step();
    this.follow();
    this.check();
    return ended;
  }

  follow() {
    const { epochs } = this.runs[0];
    for (let i = 1; i < this.runs.length; i++) while (this.runs[i].epochs < epochs) this.runs[i].step();
  }

  check() {
    for (let i = 0; i < this.runs.length; i++) {
      if (Number.isFinite(this.runs[i].trainer.model.terms.distortion)) continue;
      const whose = this.runs.length > 1 ? `The loss of the ${i ? "second" : "first"} twin` : "The loss";
      throw new Error(`${whose} is no number any more: try a smaller learning rate.`);
    }
  }

  /** @param {number} at */
  goBack(at) {
    for (const run of this.runs) run.goBack(at);
    this.follow();
  }

  /**
   * @param {string[]} wanted - Names of views.
   * @returns {Frame[]}
   */
  frames(wanted) {
    return this.runs.map((run) => run.frame(wanted));
  }
}
