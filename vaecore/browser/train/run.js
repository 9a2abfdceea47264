// A training that can be looked at, tuned and taken back: what the worker does, without the worker.
import { anneal } from "./annealing.js";
import { judged } from "./judging.js";
import { Trainer } from "./trainer.js";
import { views } from "./views.js";

/** @import { Annealing } from "./annealing.js" */
/** @import { Build } from "./laying.js" */
/** @import { OwnNumbers } from "./objectives.js" */
/** @import { Descent, Examples, Moment } from "./trainer.js" */
/** @import { Views } from "./views.js" */
/** @typedef {{ training: Examples, test: Examples, shown?: Examples }} Sets - Codes are of what is shown, or of the test images. */
/**
 * What makes a training, for it is the same each time.
 *
 * @typedef {object} Begin
 * @property {Build} build
 * @property {number} seed
 * @property {Tuned} tuned
 */
/** @typedef {{ descent: Partial<Descent>, own: Partial<OwnNumbers>, annealing: Annealing }} Tuned - What acts at once. */
/**
 * The terms along a training: of each row the epochs done, distortion, and what is added to it.
 *
 * @typedef {object} Curves
 * @property {number[][]} training - In the mean over the batches since the row before.
 * @property {number[][]} test - Of twins with squared error and rate, see `Judged`, behind these.
 */
/**
 * What there is to see.
 *
 * @typedef {object} Frame
 * @property {number} step
 * @property {number} epochs - Done, and the share of this one.
 * @property {number} at - Place among the kept moments; their number where this is the present.
 * @property {number[]} kept - Epochs of the moments, the present behind them.
 * @property {Curves} curves
 * @property {Curves | null} left - What was left when the training went on from an earlier moment.
 * @property {Views} views
 */

const MEMORY = 96 * 2 ** 20; // bytes of moments
const KEPT = { least: 16, most: 240 };
const ROWS = 600; // of a curve
const TERMS_STEPS = 10; // in a row of the training's curve, at least
const TERMS_PER_EPOCH = 8;

export class Run {
  /**
   * @param {Begin} begin
   * @param {Sets} sets
   * @param {boolean} twin - Whether it is to be held against another.
   */
  constructor({ build, seed, tuned }, sets, twin = false) {
    this.sets = sets;
    this.twin = twin;
    this.trainer = new Trainer(build, sets.training, seed);
    this.annealing = tuned.annealing;
    this.tune(tuned);
    const bytes = 3 * this.trainer.model.flat.values.byteLength;
    this.room = Math.min(KEPT.most, Math.max(KEPT.least, Math.floor(MEMORY / bytes)));
    this.every = 1; // epochs between moments
    /** @type {Moment[]} */
    this.moments = [];
    /** @type {Moment | null} The present, while an earlier moment is looked at. */
    this.present = null;
    this.at = 0; // which moment is looked at, where there is a present
    /** @type {Curves} */
    this.curves = { training: [], test: [] };
    /** @type {Curves | null} */
    this.left = null;
    this.since = 0; // steps in the row of the curve that is not whole
    this.ended();
  }

  /** @param {Tuned} tuned */
  tune({ descent, own, annealing }) {
    this.annealing = annealing;
    Object.assign(this.trainer.descent, descent);
    Object.assign(this.trainer.model.own, own);
    this.fit();
  }

  /** End the epoch if what is left of it does not fill a batch any more, for that is another one now. */
  fit() {
    const { trainer } = this;
    if (trainer.used + trainer.batch <= trainer.count) return;
    trainer.turn();
    this.ended();
  }

  /** One step; returns whether it ended an epoch. */
  step() {
    this.goOn();
    const { trainer } = this;
    anneal(trainer, this.annealing);
    const ended = trainer.train();
    this.since += 1;
    const perEpoch = Math.floor(trainer.count / trainer.batch);
    if (this.since >= Math.max(TERMS_STEPS, perEpoch / TERMS_PER_EPOCH)) {
      this.since = 0;
      const told = trainer.told();
      if (told) add(this.curves.training, [this.epochs, told.distortion, told.other]);
    }
    if (ended) this.ended();
    return ended;
  }

  /** An epoch has ended, or none has begun. */
  ended() {
    const { trainer, moments } = this;
    add(this.curves.test, [trainer.epoch, ...this.measured()]);
    if (trainer.epoch % this.every) return;
    moments.push(trainer.moment());
    if (moments.length <= this.room) return;
    this.every *= 2;
    this.moments = moments.filter(({ epoch }) => epoch % this.every === 0);
  }

  /** What a row of the test's curve says. */
  measured() {
    if (!this.twin) {
      const { distortion, other } = this.trainer.measure(this.sets.test);
      return [distortion, other];
    }
    const { distortion, other, squared, rate } = judged(this.trainer, this.sets.test);
    return [distortion, other, squared, rate];
  }

  /** Epochs done, and the share of this one. */
  get epochs() {
    return this.trainer.epoch + this.trainer.used / this.trainer.count;
  }

  /**
   * Look at an earlier moment, or at the present, which is behind the last.
   *
   * @param {number} at
   */
  goBack(at) {
    this.present ??= this.trainer.moment();
    this.at = Math.min(Math.max(0, at), this.moments.length);
    this.trainer.goBack(this.moments[this.at] ?? this.present);
    if (this.at < this.moments.length) return;
    this.present = null;
    this.fit();
  }

  /** Train from what is looked at: what came after an earlier moment becomes a branch that was left. */
  goOn() {
    if (!this.present) return;
    const { epoch } = this.moments[this.at];
    this.present = null;
    this.moments = this.moments.slice(0, this.at + 1);
    this.left = this.curves;
    const { training, test } = this.left;
    this.curves = { training: training.filter(([at]) => at <= epoch), test: test.filter(([at]) => at <= epoch) };
    this.since = 0;
  }

  /**
   * @param {string[]} wanted - Names of views.
   * @returns {Frame}
   */
  frame(wanted) {
    const { trainer, curves, left } = this;
    const present = this.present ?? trainer;
    return {
      step: trainer.step,
      epochs: this.epochs,
      at: this.present ? this.at : this.moments.length,
      kept: [...this.moments.map(({ epoch }) => epoch), present.epoch],
      curves,
      left,
      views: views(trainer, this.sets.test, wanted, this.sets.shown),
    };
  }
}

/**
 * Add a row to a curve; of one that is too long every second row goes.
 *
 * @param {number[][]} rows
 * @param {number[]} row
 */
function add(rows, row) {
  rows.push(row);
  if (rows.length > ROWS) rows.splice(0, rows.length, ...rows.filter((_, i) => i % 2 === 0 || i === rows.length - 1));
}
