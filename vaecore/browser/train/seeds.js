// Both settings of twins over a few seeds.
import { anneal } from "./annealing.js";
import { judged } from "./judging.js";
import { Trainer } from "./trainer.js";

/** @import { Judged } from "./judging.js" */
/** @import { Begin, Sets } from "./run.js" */
/** @typedef {{ begins: Begin[], epochs: number }} Wanted - The first seed is that of the settings. */

export const SEEDS = 3;

// Both settings over the seeds, a step at a time: seed by seed, the two of a pair one after the other.
export class Study {
  /**
   * @param {Wanted} wanted
   * @param {Sets} sets
   */
  constructor({ begins, epochs }, sets) {
    this.begins = begins;
    this.epochs = epochs;
    this.sets = sets;
    /** @type {Judged[][]} By setting and seed. */
    this.found = begins.map(() => []);
    this.done = 0; // trainings
    /** @type {Trainer | null} */
    this.trainer = null;
  }

  /** Trainings in all. */
  get count() {
    return SEEDS * this.begins.length;
  }

  /** Which share is done. */
  get share() {
    const { trainer } = this;
    const now = trainer ? (trainer.epoch + trainer.used / trainer.count) / this.epochs : 0;
    return (this.done + now) / this.count;
  }

  /** A step; returns whether it was the last. */
  step() {
    this.trainer ??= this.next();
    const { trainer } = this;
    anneal(trainer, this.begins[this.done % this.begins.length].tuned.annealing);
    const ended = trainer.train();
    if (!Number.isFinite(trainer.model.terms.distortion))
      throw new Error(`With seed ${trainer.seed} the loss is no number any more: try a smaller learning rate.`);
    if (!ended || trainer.epoch < this.epochs) return false;
    this.found[this.done % this.begins.length].push(judged(trainer, this.sets.test));
    this.trainer = null;
    this.done += 1;
    return this.done === this.count;
  }

  /** What trains next, from its start. */
  next() {
    const { build, seed, tuned } = this.begins[this.done % this.begins.length];
    const trainer = new Trainer(build, this.sets.training, seed + Math.floor(this.done / this.begins.length));
    Object.assign(trainer.descent, tuned.descent);
    Object.assign(trainer.model.own, tuned.own);
    return trainer;
  }
}
