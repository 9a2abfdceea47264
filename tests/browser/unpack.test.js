// Weights and codes that Python packed for a page to take away.
import { test } from "node:test";

import { unpackCodes, unpackWeights } from "../../vaecore/browser/page/unpack.js";
import { answers, assertClose, floats } from "./answers.js";

for (const [kind, { data, weights, ...described }] of Object.entries(answers.weights)) {
  test(`weights of the kind ${kind}`, async () => {
    assertClose(await unpackWeights(described, data), floats(weights), 1e-6);
  });
}

test("codes in 16 bits are within half a step of what they were", () => {
  const { data, codes, ...described } = answers.codes;
  const steps = described.high.map((high, i) => (high - described.low[i]) / 65535);
  assertClose(unpackCodes(described, data), floats(codes), 0.51 * Math.max(...steps));
});
