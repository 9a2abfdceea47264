// Networks against torch.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Network } from "../../vaecore/browser/network.js";
import { answers, assertClose, floats } from "./answers.js";

for (const [variant, { described, weights, rows }] of Object.entries(answers.networks)) {
  for (const name of ["decoder", "encoder"]) {
    for (const plain of [false, true]) {
      test(`the ${name} of a small ${variant}${plain ? ", without WebAssembly" : ""}`, () => {
        const network = new Network(described[name], floats(weights), plain);
        for (const row of rows) {
          const { input, ...expected } = row[name];
          const found = network.run(floats(input), ...row.label);
          assert.deepEqual(Object.keys(found).sort(), Object.keys(expected).sort());
          for (const [output, value] of Object.entries(expected)) assertClose(found[output], floats(value), 1e-5);
        }
      });
    }
  }
}

for (const [name, { described, weights, x, y }] of Object.entries(answers.functions)) {
  test(`the function ${name}`, () => {
    assertClose(new Network(described, floats(weights)).run(floats(x)).mean, floats(y), 1e-6);
  });
}

test("a run overwrites the results of the one before, and numbers fill an input", () => {
  const { described, weights, x } = answers.functions.tanh;
  const network = new Network(described, floats(weights));
  const first = network.run(floats(x)).mean;
  const second = network.run(0.5).mean;
  assert.equal(first, second);
  assertClose(second, Array(12).fill(Math.tanh(0.5)));
});

test("an operation that is not known is an error", () => {
  const step = { op: "softmax", from: [0], to: 1 };
  assert.throws(
    () => new Network({ inputs: [1], sizes: [1, 1], steps: [step], outputs: { mean: 1 } }, new Float32Array()),
  );
});
