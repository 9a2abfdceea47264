// The weights that vaecore/export/packing.py wrote, as floats again, and codes.

/** @typedef {[offset: number, rows: number, columns: number, kind: "rows" | "columns" | "half" | "float"]} Packing */

/** @param {string} base64 */
export const bytesOf = (base64) => Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));

/** @param {string} base64 */
async function inflate(base64) {
  const stream = new Blob([bytesOf(base64)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

/**
 * @param {{ floats: number, layout: Packing[] }} described
 * @param {string} base64
 */
export async function unpackWeights({ floats, layout }, base64) {
  const buffer = await inflate(base64);
  const found = new Float32Array(floats);
  let at = 0;
  /** @param {number} size - In bytes. */
  const take = (size) => buffer.slice(at, (at += size));
  for (const [offset, rows, columns, kind] of layout) {
    const part = found.subarray(offset, offset + rows * columns);
    if (kind === "float") part.set(new Float32Array(take(4 * part.length)));
    else if (kind === "half") new Uint16Array(take(2 * part.length)).forEach((bits, i) => (part[i] = fromHalf(bits)));
    else {
      const byRow = kind === "rows";
      const steps = new Float32Array(take(4 * (byRow ? rows : columns)));
      const whole = new Int8Array(take(part.length));
      for (let i = 0; i < part.length; i++) part[i] = whole[i] * steps[byRow ? Math.floor(i / columns) : i % columns];
    }
  }
  return found;
}

/**
 * IEEE 754: a sign, five bits of exponent, ten of fraction.
 *
 * @param {number} bits
 */
function fromHalf(bits) {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const sign = bits >> 15 ? -1 : 1;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024));
}

/** @typedef {{ low: number[], high: number[], count: number }} CodesData - The ends of each number of the codes. */

/**
 * Codes [count, latent] that were written in 16 bits each, between the lowest and the highest of their dimension.
 *
 * @param {CodesData} described
 * @param {string} base64
 */
export function unpackCodes({ low, high, count }, base64) {
  const whole = new Uint16Array(bytesOf(base64).buffer);
  return Float32Array.from({ length: count * low.length }, (_, i) => {
    const j = i % low.length;
    return low[j] + (whole[i] / 65535) * (high[j] - low[j]);
  });
}
