// The rate's weight climbs from zero, once or again and again, as in vaecore/models/variational.py.

/** @import { Trainer } from "./trainer.js" */
/**
 * @typedef {object} Annealing
 * @property {string} kind - "none", "linear" (Bowman et al. 2015) or "cyclic" (Fu et al. 2019), which climbs in the first
 *   half of each cycle.
 * @property {number} climb - Epochs from zero to one.
 */

/**
 * The weight after so many epochs.
 *
 * @param {Annealing} annealing
 * @param {number} epochs
 */
export function annealedAt({ kind, climb }, epochs) {
  if (kind === "none") return 1;
  return Math.min(1, (kind === "cyclic" ? epochs % (2 * climb) : epochs) / climb);
}

/**
 * Weigh the rate for the next step.
 *
 * @param {Trainer} trainer
 * @param {Annealing} annealing
 */
export function anneal(trainer, annealing) {
  const { batch, count, epoch, used, model } = trainer;
  model.own.annealed = annealedAt(annealing, epoch + used / (batch * Math.floor(count / batch)));
}

/**
 * The same in vaecore's settings, by shares of a training: of as many epochs as are done, or as the climb takes, or its
 * cycle.
 *
 * @param {Annealing} annealing
 * @param {number} done - Epochs.
 */
export function annealingSettings({ kind, climb }, done) {
  if (kind === "none") return { epochs: done, settings: {} };
  if (kind === "linear") {
    const epochs = Math.max(done, climb);
    return { epochs, settings: { annealing: kind, annealing_share: climb / epochs } };
  }
  const cycles = Math.max(1, Math.ceil(done / (2 * climb)));
  return {
    epochs: 2 * climb * cycles,
    settings: { annealing: kind, annealing_share: 0.5, annealing_cycles: cycles },
  };
}
