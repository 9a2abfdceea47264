// Drawings as Python prepares them.
import assert from "node:assert/strict";
import { test } from "node:test";

import { prepareDrawing } from "../../vaecore/browser/drawing.js";
import { answers, assertClose, floats } from "./answers.js";

for (const { strokes, shape, image } of answers.drawings) {
  test(`${strokes.length} strokes on ${shape}`, () => {
    assertClose(prepareDrawing(strokes, shape), floats(image));
  });
}

test("where a drawing stands on the canvas and how large it is does not matter", () => {
  const stroke = [[0.1, 0.1], [0.3, 0.2], [0.2, 0.4]]; // prettier-ignore
  const moved = stroke.map(([x, y]) => [0.4 + 1.5 * x, 0.2 + 1.5 * y]);
  assertClose(prepareDrawing([moved], [1, 28, 28]), prepareDrawing([stroke], [1, 28, 28]));
  assert.ok(Math.max(...prepareDrawing([stroke], [1, 28, 28])) > 0.99);
});
