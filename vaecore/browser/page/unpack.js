// The weights that vaecore/export/packing.py wrote, as floats again.
async function inflate(base64) {
  const bytes = Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

export async function unpackWeights({ floats, layout }, base64) {
  const buffer = await inflate(base64);
  const found = new Float32Array(floats);
  let at = 0;
  const take = (Kind, count) => new Kind(buffer.slice(at, (at += count * Kind.BYTES_PER_ELEMENT)));
  for (const [offset, rows, columns, kind] of layout) {
    const part = found.subarray(offset, offset + rows * columns);
    if (kind === "float") part.set(take(Float32Array, part.length));
    else if (kind === "half") take(Uint16Array, part.length).forEach((bits, i) => (part[i] = fromHalf(bits)));
    else {
      const byRow = kind === "rows";
      const steps = take(Float32Array, byRow ? rows : columns);
      const whole = take(Int8Array, part.length);
      for (let i = 0; i < part.length; i++) part[i] = whole[i] * steps[byRow ? Math.floor(i / columns) : i % columns];
    }
  }
  return found;
}

// IEEE 754: a sign, five bits of exponent, ten of fraction.
function fromHalf(bits) {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const sign = bits >> 15 ? -1 : 1;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024));
}

// Codes [count, latent] that were written in 16 bits each, between the lowest and the highest of their dimension.
export function unpackCodes({ low, high, count }, base64) {
  const bytes = Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
  const whole = new Uint16Array(bytes.buffer);
  return Float32Array.from({ length: count * low.length }, (_, i) => {
    const j = i % low.length;
    return low[j] + (whole[i] / 65535) * (high[j] - low[j]);
  });
}
