// What is reckoned under an ellipse: log p(x, z) between the points of a lattice, the elbo, the weights of the samples.
import assert from "node:assert/strict";
import { test } from "node:test";

import { elbo, weigh } from "../../vaecore/browser/ellipse/elbo.js";
import { Lattice, finest } from "../../vaecore/browser/ellipse/lattice.js";
import { answers, assertClose, floats } from "./answers.js";

const { values, places, found, outside, ...described } = answers.lattice;
const gaussian = (x, y) => -25 - x * x - y * y;

test("between the points of a lattice by Catmull and Rom's cubics, no number where those have none to stand on", () => {
  const lattice = new Lattice(described, floats(values));
  assertClose(
    places.map(([x, y]) => lattice.at(x, y)),
    found,
  );
  for (const place of outside) assert.ok(Number.isNaN(lattice.at(...place)));
});

test("the first lattice that reaches a place says its value", () => {
  const flat = (origin, value) => new Lattice({ origin, step: 1, side: 6 }, new Float32Array(36).fill(value));
  const joint = finest([flat([0, 0], 1), flat([2, 0], 2)]);
  assertClose([joint(2.5, 2.5), joint(5.5, 2.5)], [1, 2]);
  assert.ok(Number.isNaN(joint(50, 2.5)));
});

test("the elbo of a Gaussian over a Gaussian is the known one", () => {
  assertClose([elbo(answers.elbo.q, gaussian)], [answers.elbo.elbo], 1e-4);
  assert.ok(Number.isNaN(elbo(answers.elbo.q, () => NaN)));
});

test("samples stand where q puts them, with their shares of the weight", () => {
  const { codes, weights } = weigh(answers.elbo.q, answers.elbo.units, gaussian);
  assertClose(codes.flat(), answers.elbo.codes.flat());
  assertClose(weights, answers.elbo.weights);
});
