// What a page asks a server for by address, once.
import { Network } from "./network.js";

/** @import { Described } from "./network.js" */

/**
 * The floats that a page brings along, which is to ask for nothing.
 *
 * @type {Map<string, Float32Array>}
 */
const HELD = new Map();

/**
 * Have floats at an address, so that nothing is asked for there.
 *
 * @param {string} address
 * @param {Float32Array} floats
 */
export function hold(address, floats) {
  HELD.set(address, floats);
}

/**
 * The floats at an address; null where there is none, or where they do not come.
 *
 * @param {string | null | undefined} address
 * @returns {Promise<Float32Array | null>}
 */
export async function fetchFloats(address) {
  if (!address) return null;
  const held = HELD.get(address);
  if (held) return held;
  try {
    const answer = await fetch(address);
    return answer.ok ? new Float32Array(await answer.arrayBuffer()) : null;
  } catch {
    return null;
  }
}

/**
 * A network whose weights are at an address; null where they do not come.
 *
 * @param {Described | null} described
 * @param {string | null} address
 */
export async function fetchNetwork(described, address) {
  const weights = await fetchFloats(address);
  return weights && described && new Network(described, weights);
}

/**
 * A picture by its address; null where there is none, or where it does not come.
 *
 * @param {string | null | undefined} address
 * @returns {Promise<HTMLImageElement | null>}
 */
export async function fetchPicture(address) {
  if (!address) return null;
  const picture = Object.assign(new Image(), { src: address });
  try {
    await picture.decode();
    return picture;
  } catch {
    return null;
  }
}
