// What Python wrote (answers.py), and how numbers are held against it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

export const answers = JSON.parse(readFileSync(new URL("answers.json", import.meta.url), "utf8"));

// Floats that were written in base64.
export function floats(text) {
  const bytes = Uint8Array.from(Buffer.from(text, "base64"));
  return new Float32Array(bytes.buffer);
}

// That numbers are the expected ones, each within a tolerance times its size, or that of 1.
export function assertClose(found, expected, tolerance = 1e-6) {
  const [ours, theirs] = [[...found], [...expected]];
  assert.equal(ours.length, theirs.length);
  for (const [i, value] of theirs.entries()) {
    const apart = Math.abs(ours[i] - value);
    assert.ok(apart <= tolerance * Math.max(1, Math.abs(value)), `number ${i}: ${ours[i]}, expected ${value}`);
  }
}
