// Noise that depends on nothing but its seed, what it is for, and its place: a step that is taken again draws the same.

/** @typedef {[first: number, second: number]} Key */
/** What is drawn; each has numbers of its own. */
export const DRAWN = { start: 1, order: 2, noise: 3, test: 4 };

/**
 * The last mixing step of MurmurHash3 (Appleby 2011, public domain): each bit of x changes half of those that come out.
 *
 * @param {number} x
 */
function mixed(x) {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

/**
 * @param {number} seed
 * @param {number} what - Of DRAWN.
 * @param {number} index - Which of these draws: an epoch, a step.
 * @returns {Key}
 */
export function keyOf(seed, what, index) {
  const first = mixed(mixed(mixed(seed + 1) + what) + index);
  return [first, mixed(first + 0x9e3779b9)];
}

/**
 * 24 random bits, as a whole number.
 *
 * @param {Key} key
 * @param {number} place
 */
const bits = (key, place) => mixed(mixed(place ^ key[0]) + key[1]) >>> 8;

/**
 * A number even on [0, 1).
 *
 * @param {Key} key
 * @param {number} place
 */
export const uniform = (key, place) => bits(key, place) / 16777216;

/**
 * Fill numbers with noise even on [0, 1).
 *
 * @param {Float32Array} numbers
 * @param {number} count
 * @param {Key} key
 */
export function fillUniform(numbers, count, key) {
  for (let i = 0; i < count; i++) numbers[i] = uniform(key, i);
}

/**
 * Fill numbers with draws from N(0, 1), two at a time (Box & Muller 1958).
 *
 * @param {Float32Array} numbers
 * @param {number} count
 * @param {Key} key
 */
export function fillNormal(numbers, count, key) {
  for (let i = 0; i < count; i += 2) {
    const radius = Math.sqrt(-2 * Math.log((bits(key, i) + 1) / 16777216));
    const angle = 2 * Math.PI * uniform(key, i + 1);
    numbers[i] = radius * Math.cos(angle);
    if (i + 1 < count) numbers[i + 1] = radius * Math.sin(angle);
  }
}

/**
 * Put 0, 1, 2 ... in a random order (Fisher & Yates 1938).
 *
 * @param {Uint32Array} order
 * @param {Key} key
 */
export function shuffle(order, key) {
  for (let i = 0; i < order.length; i++) order[i] = i;
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(uniform(key, i) * (i + 1));
    const other = order[i];
    order[i] = order[j];
    order[j] = other;
  }
}
