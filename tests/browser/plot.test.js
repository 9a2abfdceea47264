// Charts: where values are, what is written along their axes, and what a pointer reads.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Scale, written } from "../../vaecore/browser/plot/axes.js";
import { boxes, onScreen } from "../../vaecore/browser/plot/marks.js";
import { readAcross, readNearest } from "../../vaecore/browser/plot/reading.js";
import { assertClose } from "./answers.js";

/** @type {(low: number, high: number, log?: boolean) => Scale} */
const over = (low, high, log = false) => new Scale({ low, high, log }, 0, 100);

const AXIS = {
  title: "level",
  low: 0,
  high: 10,
  log: false,
  form: "",
  ticks: null,
  grid: true,
};
const SCALES = {
  x: over(0, 10),
  y: new Scale({ low: 0, high: 10, log: false }, 100, 0),
};
const LINE = {
  color: "#000",
  name: "a",
  width: 1,
  dash: "solid",
  opacity: 1,
  dots: 0,
  filled: false,
  form: ".1f",
  said: [],
};
const BARS = { colors: "#fff", name: "", opacity: 1, lying: false, texts: [] };

test("a place and its value are each other's inverse, on axes of every kind", () => {
  for (const scale of [over(-2, 5), over(5, -2), over(0.01, 1000, true)]) {
    for (const place of [0, 12.5, 100]) assertClose([scale.at(scale.value(place))], [place], 1e-9);
  }
  assertClose([over(1, 100, true).at(10)], [50], 1e-9);
});

test("ticks are round, inside, and about as many as there is room for", () => {
  const ticks = over(-0.31, 1.27).ticks(8, "");
  assert.deepEqual(
    ticks.map(({ text }) => text),
    ["−0.2", "0.0", "0.2", "0.4", "0.6", "0.8", "1.0", "1.2"],
  );
  for (const [low, high] of [
    [0, 3.7e6],
    [1e-7, 3e-7],
    [-5, -4.9],
    [10, 0],
  ]) {
    const found = over(low, high).ticks(5, "");
    assert.ok(found.length >= 2 && found.length <= 10, `${low} ${high}: ${found.length}`);
    for (const { value } of found) {
      assert.ok(value >= Math.min(low, high) - 1e-9 && value <= Math.max(low, high) + 1e-9);
    }
    assert.equal(new Set(found.map(({ text }) => text)).size, found.length);
  }
});

test("a logarithmic axis has its powers of ten, and more where these are few", () => {
  const said = (/** @type {number} */ low, /** @type {number} */ high) =>
    over(low, high, true)
      .ticks(5, "")
      .map(({ text }) => text);
  assert.deepEqual(said(0.01, 1000), ["0.01", "0.1", "1", "10", "100", "1000"]);
  assert.deepEqual(said(1, 10), ["1", "2", "5", "10"]);
  assert.deepEqual(said(2, 4), ["2", "3", "4"]);
});

test("both axes of one scale: the one with more room shows more, around the same middle", () => {
  const scale = over(2, 4);
  scale.spread(10);
  assertClose([scale.value(0), scale.value(50), scale.value(100), scale.rate], [-2, 3, 8, 10], 1e-9);
  const back = new Scale({ low: 0, high: 1, log: false }, 100, 0);
  back.spread(10);
  assertClose([back.value(100), back.value(0), back.rate], [-4.5, 5.5, -10], 1e-9);
});

test("numbers are written as Python writes them", () => {
  for (const [value, form, text] of /** @type {const} */ ([
    [2.34567, ".2f", "2.35"],
    [-0.001, ".2f", "0.00"],
    [-2.5, ".1f", "−2.5"],
    [0.00012345, ".3g", "0.000123"],
    [12345.6, ",", "12,345.6"],
    [1234567, ",.0f", "1,234,567"],
    [0.256, ".0%", "26%"],
    [-0.256, ".1%", "−25.6%"],
    [0.001, "power", "10⁻³"],
    [100, "power", "10²"],
    [0.1 + 0.2, "", "0.3"],
  ])) {
    assert.equal(written(value, form), text);
  }
});

test("a line is lifted where it has no value, or none on a logarithmic axis", () => {
  const places = onScreen({ x: [0, 5, null, 10], y: [0, null, 1, 10] }, SCALES);
  assert.deepEqual(places, [[0, 100], null, null, [100, 0]]);
  assert.deepEqual(onScreen({ x: [0], y: [1] }, { ...SCALES, x: over(1, 10, true) }), [null]);
});

test("bars rise from zero, fall below it, or lie", () => {
  const data = { ...BARS, low: [1, 3], high: [2, 4], values: [5, 2], said: [] };
  assert.deepEqual(boxes(data, SCALES), [
    { x: 10, y: 50, width: 10, height: 50 },
    { x: 30, y: 80, width: 10, height: 20 },
  ]);
  assert.deepEqual(boxes({ ...data, lying: true }, SCALES)[0], {
    x: 0,
    y: 80,
    width: 50,
    height: 10,
  });
});

test("the pointer reads all lines at the point next to it, and none that say nothing", () => {
  const chart = {
    x: AXIS,
    lines: [
      { ...LINE, x: [0, 4, 10], y: [1, 2, 3] },
      { ...LINE, name: "b", x: [0, 4, 10], y: [7, null, 9] },
      { ...LINE, name: "c", form: "", x: [0, 4, 10], y: [0, 0, 0] },
    ],
    dots: [],
    bars: [],
  };
  assert.deepEqual(
    readAcross(chart, SCALES, 95)?.rows.map(({ text }) => text),
    ["a: 3.0", "b: 9.0"],
  );
  const middle = readAcross(chart, SCALES, 41);
  assert.equal(middle?.title, "level 4");
  assert.deepEqual(
    middle?.rows.map(({ text }) => text),
    ["a: 2.0"],
  ); // b has no value there
  assert.equal(readAcross({ ...chart, lines: [] }, SCALES, 0), null);
});

test("the pointer reads the nearest mark within reach, and every bar that stands there", () => {
  const dots = {
    ...LINE,
    colors: ["#f00", "#0f0"],
    sizes: 5,
    shape: "dot",
    ringed: true,
    texts: [],
    x: [1, 9],
    y: [1, 9],
    said: ["one", "two"],
  };
  const bars = { ...BARS, low: [4], high: [6], values: [5] };
  const chart = {
    x: AXIS,
    lines: [],
    dots: [dots],
    bars: [
      { ...bars, said: ["few"] },
      { ...bars, said: ["many"] },
    ],
  };
  assert.deepEqual(readNearest(chart, SCALES, [12, 95])?.rows, [{ color: "#f00", text: "one" }]);
  assert.deepEqual(
    readNearest(chart, SCALES, [50, 10])?.rows.map(({ text }) => text),
    ["few", "many"],
  );
  assert.equal(readNearest(chart, SCALES, [20, 20]), null);
});
