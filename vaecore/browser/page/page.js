// A page to take away: the components of the app, each in a shadow of its own, with what the page brings along.
import { mountCanvas } from "../canvas/canvas.js";
import { make, one } from "../dom.js";
import { hold } from "../fetching.js";
import { mountMaps } from "../maps/maps.js";
import { mountSliders } from "../sliders/sliders.js";
import { giveUp, shadowOf } from "./part.js";
import { unpackCodes, unpackWeights } from "./unpack.js";

/** @import { CanvasData } from "../canvas/canvas.js" */
/** @import { MapsData } from "../maps/maps.js" */
/** @import { SlidersData } from "../sliders/sliders.js" */
/** @import { PartData } from "./part.js" */
/** @import { CodesData, Packing } from "./unpack.js" */

/**
 * What Python wrote into the page.
 *
 * @typedef {object} PageData
 * @property {Record<string, PartData>} parts - The components by name.
 * @property {string[]} names - Of all numbers of the code.
 * @property {number[]} columns - The numbers of the code that the page has of every image.
 * @property {Columns} first - Those that the map shows at first.
 * @property {CodesData} codes - Of the images.
 * @property {number[]} images - Their numbers, and behind them their classes.
 * @property {{ floats: number, layout: Packing[] }} weights
 * @property {MapsData | null} maps - What is known before a plane is chosen.
 * @property {SlidersData} sliders
 * @property {CanvasData | null} canvas
 */
/** @typedef {[across: number, up: number]} Columns - Of the codes. */

/** @param {string} id */
const text = (id) => (document.getElementById(id)?.textContent ?? "").trim();
/** @type {PageData} */
const page = JSON.parse(text("model"));

/**
 * Put a component on the page; returns what shows its data.
 *
 * @template {object} Data
 * @param {string} name
 * @param {(given: { data: Data, parentElement: ShadowRoot, setStateValue: () => void }) => void} mount
 * @returns {(data: Data) => void}
 */
function component(name, mount) {
  const root = shadowOf(name, page.parts[name]);
  return (data) => mount({ data, parentElement: root, setStateValue: () => {} });
}

/**
 * The points of two columns, of which a code of more lets one choose.
 *
 * @param {Float32Array} codes
 * @param {Columns} columns
 */
function lay(codes, [x, y]) {
  const n = page.codes.low.length;
  const points = new Float32Array(2 * page.codes.count);
  for (let i = 0; i < page.codes.count; i++) points.set([codes[i * n + x], x === y ? 0 : codes[i * n + y]], 2 * i);
  return points;
}

/**
 * @param {Float32Array} codes
 * @param {MapsData} data
 */
function map(codes, data) {
  const show = component("maps", mountMaps);
  /** @param {Columns} columns */
  const draw = (columns) => {
    const [x, y] = columns.map((column) => page.columns[column]);
    const points = `points ${columns}`;
    hold(points, lay(codes, columns));
    const middle = page.sliders.middle.map((value, i) => (i === x || i === y ? 0 : value));
    const basis = [x, x === y ? -1 : y].map((chosen) => middle.map((_, i) => Number(i === chosen)));
    show({ ...data, points, axes: [[page.names[x], page.names[y]]], middle, basis });
  };
  if (page.columns.length > 2) choose(draw);
  draw(page.first);
}

/** @param {(columns: Columns) => void} draw */
function choose(draw) {
  const [across, up] = page.first.map(select);
  across.onchange = up.onchange = () => draw([Number(across.value), Number(up.value)]);
  const labels = [across, up].map((each, axis) => {
    const label = make("label", { textContent: ["Across", "Up"][axis] });
    label.append(each);
    return label;
  });
  const place = one(document, ".axes", HTMLElement);
  place.append(...labels);
  place.hidden = false;
}

/** @param {number} first - The column that is chosen. */
function select(first) {
  const options = page.columns.map(
    (dimension, column) => new Option(page.names[dimension], `${column}`, false, column === first),
  );
  const made = make("select");
  made.append(...options);
  return made;
}

async function start() {
  hold("weights", await unpackWeights(page.weights, text("weights")));
  hold("images", Float32Array.from(page.images));
  const codes = unpackCodes(page.codes, text("codes"));
  if (page.maps?.cursor?.codes) hold(page.maps.cursor.codes, codes);
  component("sliders", mountSliders)(page.sliders);
  if (page.canvas) component("canvas", mountCanvas)(page.canvas);
  else one(document, ".draw", HTMLElement).hidden = true;
  if (page.maps) map(codes, page.maps); // not of codes that are all equal, which the page says
}

start().catch(giveUp);
