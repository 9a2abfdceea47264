// How fast a training goes: as fast as it can, or so many batches a second.

export class Pace {
  constructor() {
    this.each = 0; // milliseconds of a step, at least
    this.due = 0; // when the next may be taken
  }

  /**
   * @param {number} perSecond - Infinity is as fast as it can.
   * @param {number} now - In milliseconds, as everywhere here.
   */
  set(perSecond, now) {
    this.each = 1000 / perSecond;
    this.due = Math.min(this.due, now + this.each);
  }

  /** Whether it is as fast as it can. */
  get isFull() {
    return this.each === 0;
  }

  /**
   * The next step may be taken at once.
   *
   * @param {number} now
   */
  start(now) {
    this.due = now;
  }

  /**
   * Milliseconds until the next step.
   *
   * @param {number} now
   */
  rest(now) {
    return Math.max(0, this.due - now);
  }

  /**
   * A step is taken. What a busy machine is behind by is made up for, but no more than a step.
   *
   * @param {number} now
   */
  took(now) {
    this.due = Math.max(this.due + this.each, now);
  }
}
