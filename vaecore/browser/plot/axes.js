// What an axis says: where a value is on the screen, which values are written along it, and how.

/**
 * An axis as Python sends it.
 *
 * @typedef {object} AxisData
 * @property {string} title
 * @property {number} low - At its first end.
 * @property {number} high
 * @property {boolean} log - Whether equal ratios are equally far apart.
 * @property {string} form - How its values are written, as in Python; "power" as a power of ten.
 * @property {[value: number, text: string][] | null} ticks - What is written along it, if that is not left to the page.
 * @property {boolean} grid - Whether lines cross the chart at its ticks.
 */
/** @typedef {{ value: number, text: string }} Tick */

const ROUND = [1, 2, 5, 10];
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const MINUS = "−";

/** Values along an axis, and pixels along the screen. */
export class Scale {
  /**
   * @param {Pick<AxisData, "low" | "high" | "log">} axis
   * @param {number} from - Where its first end is on the screen.
   * @param {number} to
   */
  constructor({ low, high, log }, from, to) {
    this.log = log;
    this.low = this.along(low);
    this.high = this.along(high);
    this.from = from;
    this.to = to;
  }

  /** @param {number} value */
  along(value) {
    return this.log ? Math.log10(value) : value;
  }

  /** Pixels for a unit along the axis, below zero where it runs to the left or up. */
  get rate() {
    return (this.to - this.from) / (this.high - this.low || 1);
  }

  /** @param {number} value */
  at(value) {
    return this.from + (this.along(value) - this.low) * this.rate;
  }

  /** @param {number} place - On the screen. */
  value(place) {
    const along = this.low + (place - this.from) / this.rate;
    return this.log ? 10 ** along : along;
  }

  /**
   * Show more on both sides, so that a unit has so many pixels.
   *
   * @param {number} rate
   */
  spread(rate) {
    const [middle, half] = [(this.low + this.high) / 2, Math.abs((this.to - this.from) / rate) / 2];
    const way = Math.sign(this.high - this.low) || 1;
    [this.low, this.high] = [middle - way * half, middle + way * half];
  }

  /**
   * Round values along the axis, about so many.
   *
   * @param {number} count
   * @param {string} form
   * @returns {Tick[]}
   */
  ticks(count, form) {
    const [low, high] = [Math.min(this.low, this.high), Math.max(this.low, this.high)];
    return this.log ? decades(low, high, form) : even(low, high, count, form);
  }
}

/**
 * @param {number} low
 * @param {number} high
 * @param {number} count
 * @param {string} form
 * @returns {Tick[]}
 */
function even(low, high, count, form) {
  const rough = (high - low) / Math.max(count, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * (ROUND.find((digit) => digit * power >= 0.999 * rough) ?? 10);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const [first, last] = [Math.ceil(low / step - 1e-9), Math.floor(high / step + 1e-9)];
  return Array.from({ length: last - first + 1 }, (_, i) => {
    const value = (first + i) * step;
    return {
      value,
      text: form ? written(value, form) : written(value, `,.${digits}f`),
    };
  });
}

/**
 * Powers of ten; where these are few, twice and five times them as well.
 *
 * @param {number} low - A logarithm.
 * @param {number} high
 * @param {string} form
 * @returns {Tick[]}
 */
function decades(low, high, form) {
  const digits = high - low > 2 ? [1] : high - low > 0.8 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9];
  const ticks = [];
  for (let power = Math.floor(low); power <= high; power++) {
    for (const digit of digits) {
      const value = digit * 10 ** power;
      const [along, edge] = [Math.log10(value), 1e-9];
      if (along >= low - edge && along <= high + edge) ticks.push({ value, text: written(value, form || ".4g") });
    }
  }
  return ticks;
}

/**
 * A number, as Python's formats write it: so many digits behind the point (.2f), significant ones (.3g), percent (.1%),
 * thousands apart (,), or as a power of ten (power).
 *
 * @param {number} value
 * @param {string} form
 */
export function written(value, form) {
  if (form === "power") return powerOfTen(value);
  const [, grouped, count, kind] = /^(,?)(?:\.(\d+))?([fg%]?)$/.exec(form) ?? [];
  const digits = count === undefined ? undefined : Number(count);
  const shown = kind === "%" ? 100 * value : value;
  const fixed = kind === "g" || digits === undefined ? significant(shown, digits ?? 12) : shown.toFixed(digits);
  const [whole, rest] = fixed.split(".");
  const text = grouped ? whole.replace(/\B(?=(\d{3})+$)/g, ",") + (rest ? `.${rest}` : "") : fixed;
  const signed = Number(fixed) === 0 ? text.replace("-", "") : text.replaceAll("-", MINUS);
  return kind === "%" ? `${signed}%` : signed;
}

/**
 * @param {number} value
 * @param {number} digits
 */
const significant = (value, digits) => String(Number(value.toPrecision(Math.max(digits, 1))));

/** @param {number} value */
function powerOfTen(value) {
  const power = Math.floor(Math.log10(value) + 1e-9);
  const raised = String(power)
    .replace("-", "⁻")
    .replace(/\d/g, (digit) => SUPERSCRIPTS[Number(digit)]);
  const digit = Math.round(value / 10 ** power);
  return `${digit === 1 ? "" : `${digit}·`}10${raised}`;
}
