// Paths between two codes as Explorer.interpolate has them, and what is around them as vaecore.serving.company has it.
import assert from "node:assert/strict";
import { test } from "node:test";

import { BENT, company } from "../../vaecore/browser/paths/bends.js";
import { Plane } from "../../vaecore/browser/plane.js";
import { codeAt } from "../../vaecore/browser/sliders/quantiles.js";
import { answers, assertClose, floats } from "./answers.js";

const { ends, lines, points, around, company: met } = answers.paths;

for (const [kind, line] of Object.entries(lines)) {
  test(`a ${kind} path`, () => {
    const found = line.map((_, i) => BENT[kind](...ends, i / (line.length - 1)));
    assertClose(found.flat(), line.flat());
  });
}

test("a spherical path between codes of one direction is straight", () => {
  assertClose(BENT.spherical([1, 1], [3, 3], 0.25), [1.5, 1.5]);
  assertClose(BENT.spherical([0, 0], [3, 3], 0.5), [1.5, 1.5]);
});

test("the real codes around a path, and the density at every place of it", () => {
  const found = company(lines.spherical, 1, new Plane(floats(points)), around);
  assert.deepEqual(found.nearest, met.nearest);
  assert.deepEqual(found.neighbours, met.neighbours);
  assertClose(found.distances, met.distances, 1e-5);
  assertClose(found.density, met.density, 1e-5);
  const fewer = company(lines.spherical, 3, new Plane(floats(points)), around);
  assert.deepEqual(fewer.nearest, [met.nearest[0], met.nearest[3], met.nearest[6]]);
  assert.equal(fewer.density.length, lines.spherical.length);
});

test("a code between whole percents is on the line of theirs, its other numbers stay", () => {
  const { columns, at, code } = answers.quantiles;
  const found = codeAt([7, 0, 0], { 1: columns[0], 2: columns[1] }, (index) => at[index - 1]);
  assertClose(found, [7, ...code]);
});
