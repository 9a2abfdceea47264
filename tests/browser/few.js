// A few digits to train on, and two sets as a page is told of them.
import { readFileSync } from "node:fs";

const { pixels, labels } = JSON.parse(readFileSync(new URL("training.json", import.meta.url), "utf8"));
const bytes = Uint8Array.from(Buffer.from(pixels, "base64"));
const rows = (from, to) => ({
  pixels: bytes.subarray(64 * from, 64 * to),
  labels: Uint8Array.from(labels.slice(from, to)),
});
export const SETS = { training: rows(0, 200), test: rows(200, 256) };
export const DIGITS = { name: "digits", shape: [1, 8, 8], classes: [..."0123456789"], why: "" };
export const MOONS = { name: "moons", shape: [1, 1, 2], classes: ["a", "b"], why: "" };
