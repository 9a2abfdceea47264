// The rate's weight along a training, by vaecore's equation and in what a download says of it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { annealedAt, annealingSettings } from "../../vaecore/browser/train/annealing.js";
import { Run } from "../../vaecore/browser/train/run.js";
import { Study } from "../../vaecore/browser/train/seeds.js";
import { begun, completed } from "../../vaecore/browser/train/settings.js";

const { pixels, labels } = JSON.parse(readFileSync(new URL("training.json", import.meta.url), "utf8"));
const examples = { pixels: Uint8Array.from(Buffer.from(pixels, "base64")), labels: Uint8Array.from(labels) };
const first = (count) => ({ pixels: examples.pixels.subarray(0, 64 * count), labels: examples.labels.slice(0, count) });
const SETS = { training: examples, test: examples };
const DIGITS = { name: "digits", shape: [1, 8, 8], classes: [..."0123456789"], why: "" };
const begin = (asked) => begun(completed({ set: "digits", ...asked }, [DIGITS]), DIGITS);

test("what a download says is what was done, at each epoch of it", () => {
  for (const kind of ["linear", "cyclic"]) {
    for (const climb of [1, 5, 20]) {
      for (const done of [1, 4, 5, 10, 11, 33, 100]) {
        const { epochs, settings } = annealingSettings({ kind, climb }, done);
        const { annealing, annealing_share: share, annealing_cycles: cycles } = settings;
        assert.equal(annealing, kind);
        assert.ok(epochs >= done && share > 0 && share <= 1);
        for (let epoch = 0.25; epoch < done; epoch += 0.5) {
          const part = epoch / epochs; // Variational.annealed
          const weight = Math.min(1, (kind === "cyclic" ? (part * cycles) % 1 : part) / share);
          assert.ok(Math.abs(annealedAt({ kind, climb }, epoch) - weight) < 1e-9, `${kind} ${climb} ${done} ${epoch}`);
        }
      }
    }
  }
  assert.deepEqual(annealingSettings({ kind: "none", climb: 5 }, 7), { epochs: 7, settings: {} });
  assert.equal(annealedAt({ kind: "none", climb: 5 }, 0), 1);
});

test("the rate weighs nothing at first, half after half the climb, and all of it on test images", () => {
  for (const [annealing, wanted] of [
    ["none", [1, 1, 1, 1, 1, 1]],
    ["linear", [0, 0.5, 1, 1, 1, 1]],
    ["cyclic", [0, 0.5, 1, 1, 0, 0.5]],
  ]) {
    const training = new Run(begin({ annealing, climb: "2", batch: "128" }), SETS); // two batches in an epoch
    const found = Array.from({ length: 12 }, () => {
      training.step();
      return training.trainer.model.own.annealed;
    });
    assert.deepEqual(
      found.filter((_, i) => i % 2 === 0),
      wanted,
    );
    if (annealing === "linear") assert.equal(found[1], 0.25);
  }
  const uneven = new Run(begin({ annealing: "linear", climb: "1", batch: "64" }), { ...SETS, training: first(200) });
  for (const wanted of [0, 1 / 3, 2 / 3, 1]) {
    uneven.step();
    assert.ok(Math.abs(uneven.trainer.model.own.annealed - wanted) < 1e-9); // what fills no batch is no part of an epoch
  }
  const training = new Run(begin({ annealing: "linear", climb: "100" }), SETS);
  training.step();
  assert.equal(training.trainer.model.terms.other, 0);
  assert.ok(training.trainer.measure(examples).other > 0);
});

test("time that turns back turns the weight back, and the seeds are annealed alike", () => {
  const asked = { annealing: "cyclic", climb: "1" };
  const training = new Run(begin(asked), SETS);
  for (let i = 0; i < 12; i++) training.step();
  const [, , third] = training.curves.test;
  training.goBack(1);
  for (let i = 0; i < 4; i++) training.step();
  assert.deepEqual(training.curves.test[2], third);
  const study = new Study({ begins: [begin(asked)], epochs: 2 }, SETS);
  while (!study.step());
  assert.equal(study.found[0][0].distortion, third[1]);
  const plain = new Study({ begins: [begin({})], epochs: 2 }, SETS);
  while (!plain.step());
  assert.notEqual(plain.found[0][0].distortion, third[1]);
});

test("what has no rate is not annealed", () => {
  assert.equal(begin({ objective: "autoencoder", annealing: "linear" }).tuned.annealing.kind, "none");
  assert.equal(begin({ objective: "cvae", annealing: "linear" }).tuned.annealing.kind, "linear");
});
