// Sets of drawings: principal components as scikit-learn finds them, and what is trained on and tested on.
import assert from "node:assert/strict";
import { test } from "node:test";

import { prepareDrawing } from "../../vaecore/browser/drawing.js";
import { COPIES, FEWEST, fromText, isHeld, setOf, toText, varied } from "../../vaecore/browser/train/drawings.js";
import { errorsOf, principal } from "../../vaecore/browser/train/pca.js";
import { Trainer } from "../../vaecore/browser/train/trainer.js";
import { answers, assertClose } from "./answers.js";

const described = {
  ...{ name: "drawn", title: "", shape: [1, 8, 8], classes: [..."0123456789"] },
  ...{ training: 0, test: 0, errors: [], address: null, why: "" },
};

// Hooks whose bend goes around, each another picture.
const drawings = Array.from({ length: 30 }, (_, i) => {
  const [sine, cosine] = [Math.sin(i / 3), Math.cos(i / 3)];
  return { label: i % 10, strokes: [[[0.5, 0.5], [0.5 + 0.3 * sine, 0.5 + 0.3 * cosine], [0.2 + i / 60, 0.1]]] }; // prettier-ignore
});

const imageOf = (pixels, i) => pixels.slice(64 * i, 64 * (i + 1)).join();

for (const [name, { rows, others, mean, components, errors }] of Object.entries(answers.components)) {
  test(`principal components of ${name} rows`, () => {
    const found = principal(rows, mean.length, 64);
    assertClose(found.mean, mean, 1e-12);
    assert.equal(found.components.length, components.length * mean.length); // none of what no row has any of
    components.forEach((component, c) => {
      const vector = found.components.subarray(c * mean.length, (c + 1) * mean.length);
      const along = component.reduce((sum, value, i) => sum + value * vector[i], 0);
      assertClose(vector, component.map((value) => Math.sign(along) * value), 1e-8); // prettier-ignore
    });
    assertClose(errorsOf(others, found.mean, found.components), errors, 1e-9);
  });
}

test("of rows that are all equal there is one component, and the mean", () => {
  const { mean, components } = principal([1, 2, 1, 2, 1, 2], 2, 64);
  assertClose(mean, [1, 2]);
  assert.equal(components.length, 2);
});

test("one of each five is a test image, and of classes drawn by turns each comes to both sides", () => {
  for (let five = 0; five < 40; five++) {
    assert.equal([0, 1, 2, 3, 4].filter((i) => isHeld(5 * five + i)).length, 1);
  }
  const places = Array.from({ length: 200 }, (_, i) => i);
  assert.deepEqual(new Set(places.filter(isHeld).map((i) => i % 10)).size, 10);
});

for (const copied of [false, true]) {
  test(`no test image is trained on${copied ? ", nor a copy of one" : ""}`, () => {
    const { training, test: held, shown, described: set } = setOf(described, drawings, copied);
    assert.equal(held.labels.length, 6);
    assert.equal(training.labels.length, 24 * (copied ? COPIES : 1));
    assert.deepEqual([set.training, set.test], [training.labels.length, 6]);
    assert.equal(shown.labels.length, 30);
    const trained = new Set(Array.from(training.labels, (_, i) => imageOf(training.pixels, i)));
    drawings.forEach(({ strokes }, place) => {
      const images = varied(strokes).map(
        (each) =>
        prepareDrawing(each, described.shape).map((share) => Math.round(255 * share)).join(), // prettier-ignore
      );
      const known = images.filter((image) => trained.has(image)).length;
      assert.equal(known, isHeld(place) ? 0 : copied ? COPIES : 1);
    });
    for (let i = 0; i < 6; i++) assert.equal(imageOf(shown.pixels, i), imageOf(held.pixels, i)); // these first
  });
}

test("a network learns from ten drawings and their copies", () => {
  const { training, test: held } = setOf(described, drawings.slice(0, FEWEST), true);
  const build = {
    ...{ model: "autoencoder", pixels: 64, classes: 10, hidden: [32], latent: 2 },
    ...{ activation: "gelu", likelihood: "bernoulli" },
  };
  const trainer = new Trainer(build, training, 0);
  Object.assign(trainer.descent, { rate: 0.003, batch: 64 });
  const before = [trainer.measure(training), trainer.measure(held)].map(({ distortion }) => distortion);
  for (let i = 0; i < 300; i++) trainer.train();
  assert.ok(trainer.measure(training).distortion < 0.4 * before[0]);
  assert.ok(trainer.measure(held).distortion < before[1]);
});

test("what is kept comes back, and what is none of it is left", () => {
  const back = fromText(toText(drawings), 10);
  assert.equal(back.length, 30);
  assertClose(back[7].strokes.flat(2), drawings[7].strokes.flat(2), 1e-4);
  const odd = [
    "",
    "{}",
    "[1]",
    '[{"label": 3}]',
    '[{"label": 10, "strokes": [[[0, 0]]]}]',
    '[{"label": 1, "strokes": []}]',
    '[{"label": 1, "strokes": [[[0, 2]]]}]',
  ];
  for (const text of odd) assert.deepEqual(fromText(text, 10), [], text);
  assert.deepEqual(fromText(null, 10), []);
});
