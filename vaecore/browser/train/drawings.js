// A set of what was drawn in the page: images to train on, others to test on, and what PCA leaves of these.
import { prepareDrawing } from "../drawing.js";
import { zipOf } from "./folder.js";
import { errorsOf, principal } from "./pca.js";
import { keyOf, uniform } from "./random.js";
import { firstOf, pixelsOf } from "./sets.js";

/** @import { Stroke } from "../drawing.js" */
/** @import { Point } from "../numbers.js" */
/** @import { Opened, SetData } from "./sets.js" */
/** @import { Examples } from "./trainer.js" */
/** @typedef {{ label: number, strokes: Stroke[] }} Drawn */

export const FEWEST = 10; // drawings to train on
export const MOST = 300;
const ONE_IN = 5; // is a test image
const SPLIT = 5; // what is drawn: which of each five; the numbers before are those of DRAWN
const TILTS = [0, -14, -7, 7, 14]; // degrees
const WIDTHS = [1, 0.85]; // of the drawing's own
const COMPONENTS = 64;
const ROUNDED = 1e4; // a point is kept to so many parts of the canvas
const NPY = "\x93NUMPY\x01\x00"; // version 1.0 of numpy's format, with its length in two bytes
const ALIGNED = 64; // bytes, to a multiple of which its header is filled up

/** How many images a drawing gives, itself among them. */
export const COPIES = TILTS.length * WIDTHS.length;

/**
 * Whether the drawing of a place is a test image: one of each five in their order, drawn, so that whoever draws the
 * classes by turns has all of them on both sides in time.
 *
 * @param {number} place
 */
export function isHeld(place) {
  const five = Math.floor(place / ONE_IN);
  return place % ONE_IN === Math.floor(ONE_IN * uniform(keyOf(0, SPLIT, 0), five));
}

/**
 * A drawing, and the same tilted and narrowed, all of which are then fitted into the image.
 *
 * @param {Stroke[]} strokes
 * @returns {Stroke[][]}
 */
export function varied(strokes) {
  return WIDTHS.flatMap((wide) =>
    TILTS.map((tilt) => {
      const angle = (tilt * Math.PI) / 180;
      const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
      /** @type {(point: Point) => Point} */
      const placed = ([x, y]) => [wide * (cosine * x - sine * y), sine * x + cosine * y];
      return strokes.map((stroke) => stroke.map(placed));
    }),
  );
}

/**
 * The set of drawings; copies are of those to train on alone.
 *
 * @param {SetData} described
 * @param {Drawn[]} drawings - At least FEWEST.
 * @param {boolean} copied
 * @returns {Opened}
 */
export function setOf(described, drawings, copied) {
  const { shape } = described;
  const [held, others] = [true, false].map((test) => drawings.filter((_, place) => isHeld(place) === test));
  const all = copied
    ? others.flatMap(({ label, strokes }) => varied(strokes).map((each) => ({ label, strokes: each })))
    : others;
  const training = examplesOf(all, described);
  const test = examplesOf(held, described);
  const [rows, testRows] = [training, test].map((part) => firstOf(part, pixelsOf(shape), part.labels.length));
  const { mean, components } = principal(rows, pixelsOf(shape), COMPONENTS);
  return {
    described: {
      ...described,
      training: training.labels.length,
      test: test.labels.length,
      errors: errorsOf(testRows, mean, components),
    },
    training,
    test,
    shown: examplesOf([...held, ...others], described),
    mean: Float32Array.from(mean),
    components: Float32Array.from(components),
  };
}

/**
 * @param {Drawn[]} drawings
 * @param {SetData} described
 * @returns {Examples}
 */
function examplesOf(drawings, { shape }) {
  const pixels = new Uint8Array(drawings.length * pixelsOf(shape));
  drawings.forEach(({ strokes }, i) => {
    pixels.set(
      prepareDrawing(strokes, shape).map((share) => Math.round(255 * share)),
      i * pixelsOf(shape),
    );
  });
  return { pixels, labels: Uint8Array.from(drawings, ({ label }) => label) };
}

/**
 * Drawings as a text to keep.
 *
 * @param {Drawn[]} drawings
 */
export function toText(drawings) {
  const short = drawings.map(({ label, strokes }) => ({
    label,
    strokes: strokes.map((stroke) =>
      stroke.map((point) => point.map((share) => Math.round(ROUNDED * share) / ROUNDED)),
    ),
  }));
  return JSON.stringify(short);
}

/**
 * Drawings from a text, or none where it is not one of these.
 *
 * @param {string | null} text
 * @param {number} classes
 * @returns {Drawn[]}
 */
export function fromText(text, classes) {
  try {
    const found = JSON.parse(text ?? "[]");
    return found.every((/** @type {Drawn} */ each) => isDrawing(each, classes)) ? found.slice(0, MOST) : [];
  } catch {
    return [];
  }
}

/**
 * @param {Drawn} drawing
 * @param {number} classes
 */
function isDrawing({ label, strokes }, classes) {
  const isPoint = (/** @type {Point} */ point) =>
    point.length === 2 && point.every((share) => Number.isFinite(share) && share >= 0 && share <= 1);
  return (
    Number.isInteger(label) &&
    label >= 0 &&
    label < classes &&
    strokes.length > 0 &&
    strokes.every((stroke) => stroke.length > 0 && stroke.every(isPoint))
  );
}

/**
 * The drawings as numpy has arrays in a file, the test images behind the others.
 *
 * @param {Opened} set
 */
export function npzOf({ described, test, shown }) {
  if (!shown) throw new Error("expected a set of drawings");
  const [held, size] = [test.labels.length, pixelsOf(described.shape)];
  const { pixels, labels } = shown;
  const turned = (/** @type {Uint8Array} */ numbers, /** @type {number} */ first) =>
    Uint8Array.from([...numbers.subarray(first), ...numbers.subarray(0, first)]);
  const [, height, width] = described.shape;
  return zipOf({
    "images.npy": npy(turned(Uint8Array.from(pixels), held * size), [labels.length, height, width]),
    "labels.npy": npy(turned(labels, held), [labels.length]),
  });
}

/**
 * @param {Uint8Array} bytes
 * @param {number[]} shape
 */
function npy(bytes, shape) {
  const words = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
  const before = NPY.length + 2;
  const length = ALIGNED * Math.ceil((before + words.length + 1) / ALIGNED) - before;
  const head = `${NPY}${String.fromCharCode(length & 255, length >> 8)}${words.padEnd(length - 1)}\n`;
  const file = new Uint8Array(head.length + bytes.length);
  file.set(Uint8Array.from(head, (each) => each.charCodeAt(0)));
  file.set(bytes, head.length);
  return file;
}
