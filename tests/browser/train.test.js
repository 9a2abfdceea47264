// Training in the page against torch: gradients of every term and parameter, and 200 steps from the same start.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { visit } from "../../vaecore/browser/train/laying.js";
import { KINDS } from "../../vaecore/browser/train/objectives.js";
import { Trainer } from "../../vaecore/browser/train/trainer.js";
import { floats } from "./answers.js";

const { seed, descent, pixels, labels, cases } = JSON.parse(
  readFileSync(new URL("training.json", import.meta.url), "utf8"),
);
const examples = { pixels: Uint8Array.from(Buffer.from(pixels, "base64")), labels: Uint8Array.from(labels) };

// A training as Python made it; only gradients are asked for where it is not to descend.
function begun({ build, own }, plain = false) {
  const trainer = new Trainer(build, examples, seed, plain);
  Object.assign(trainer.descent, descent);
  Object.assign(trainer.model.own, own);
  return trainer;
}

function gradientOf({ shape, grad }) {
  const found = [];
  visit(grad, shape, (at, place) => (found[place] = grad.data[at]));
  return found;
}

const largest = (numbers) => numbers.reduce((most, number) => Math.max(most, Math.abs(number)), 0);

for (const [name, { build, gradients, curve }] of Object.entries(cases)) {
  for (const plain of [false, true]) {
    test(`gradients of ${name}${plain ? ", without WebAssembly" : ""}`, () => {
      const trainer = begun(build, plain);
      if (build.annealing) trainer.model.own.annealed = 0;
      trainer.descend = () => {};
      trainer.train();
      const { parameters } = trainer.model;
      assert.deepEqual(parameters.map((parameter) => parameter.name).sort(), Object.keys(gradients).sort());
      for (const parameter of parameters) {
        const [ours, theirs] = [gradientOf(parameter), floats(gradients[parameter.name])];
        assert.equal(ours.length, theirs.length, parameter.name);
        const apart = largest(ours.map((value, i) => value - theirs[i]));
        assert.ok(apart <= 1e-4 * largest([...theirs]), `${parameter.name}: ${apart} of ${largest([...theirs])}`);
      }
    });
  }

  test(`200 steps of ${name}`, () => {
    const trainer = begun(build);
    const { distortion, ...others } = curve;
    assert.deepEqual(Object.keys(others), [KINDS[build.build.model].term].filter(Boolean));
    const [other] = Object.values(others);
    distortion.forEach((expected, step) => {
      if (build.annealing) trainer.model.own.annealed = Math.min(1, step / distortion.length / build.annealing);
      trainer.train();
      const { terms } = trainer.model;
      const found = [terms.distortion, terms.other].map((sum) => sum / descent.batch);
      const wanted = [expected, other?.[step] ?? 0];
      wanted.forEach((value, i) => {
        const apart = Math.abs(found[i] - value);
        assert.ok(apart <= 1e-3 * Math.abs(value), `step ${step}, term ${i}: ${found[i]}, expected ${value}`);
      });
    });
  });
}
