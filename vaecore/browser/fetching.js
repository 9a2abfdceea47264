// What a page asks a server for by address, once.
import { Network } from "./network.js";

const HELD = new Map(); // the floats that a page brings along, which is to ask for nothing

// Floats that are at an address without being asked for.
export function hold(address, floats) {
  HELD.set(address, floats);
}

// The floats at an address; null where there is none, or where they do not come.
export async function fetchFloats(address) {
  if (!address) return null;
  if (HELD.has(address)) return HELD.get(address);
  try {
    const answer = await fetch(address);
    return answer.ok ? new Float32Array(await answer.arrayBuffer()) : null;
  } catch {
    return null;
  }
}

export async function fetchNetwork(described, address) {
  const weights = await fetchFloats(address);
  return weights && new Network(described, weights);
}

// A picture by its address; null where there is none, or where it does not come.
export async function fetchPicture(address) {
  if (!address) return null;
  const picture = Object.assign(new Image(), { src: address });
  return picture.decode().then(
    () => picture,
    () => null,
  );
}
