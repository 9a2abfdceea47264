// A training that is looked at, tuned and taken back.
import assert from "node:assert/strict";
import { test } from "node:test";

import { byPca, squaredErrors } from "../../vaecore/browser/train/sets.js";
import { begun, completed, tuned } from "../../vaecore/browser/train/settings.js";
import { Run } from "../../vaecore/browser/train/run.js";
import { SHOWN } from "../../vaecore/browser/train/views.js";
import { DIGITS, MOONS, SETS } from "./few.js";

const ALL = ["codes", "manifold", "rebuilt", "weights"];

const run = (asked = {}) => new Run(begun(completed({ set: "digits", ...asked }, [DIGITS]), DIGITS), SETS);
const epochs = (training, count) => {
  for (let left = count; left > 0;) if (training.step()) left -= 1;
};
const values = (training) => [...training.trainer.model.flat.values];

test("a seed repeats a training, and another does not", () => {
  const [one, same, other] = [{ seed: "3" }, { seed: "3" }, { seed: "4" }].map((asked) => run(asked));
  for (const each of [one, same, other]) epochs(each, 2);
  assert.deepEqual(values(one), values(same));
  assert.notDeepEqual(values(one), values(other));
});

test("an earlier moment is as it was, and to go on from there comes to the same", () => {
  const training = run({ objective: "denoising" });
  epochs(training, 3);
  const [then, curves] = [values(training), training.curves.test.length];
  training.step();
  const now = values(training);
  training.goBack(1);
  assert.deepEqual(training.frame([]).kept, [0, 1, 2, 3, 3]);
  assert.equal(training.frame([]).at, 1);
  assert.equal(training.trainer.epoch, 1);
  training.goBack(4);
  assert.deepEqual(values(training), now);
  training.goBack(1);
  epochs(training, 2);
  assert.deepEqual(values(training), then);
  assert.equal(training.curves.test.length, curves);
  assert.equal(training.left.test.length, curves);
});

test("a branch with another setting leaves the old one", () => {
  const training = run();
  epochs(training, 4);
  const before = values(training);
  training.goBack(2);
  training.tune(tuned(completed({ set: "digits", rate: "0.03" }, [DIGITS])));
  epochs(training, 2);
  assert.notDeepEqual(values(training), before);
  assert.deepEqual(training.frame([]).kept, [0, 1, 2, 3, 4, 4]);
});

test("moments are thinned evenly once there are many", () => {
  const training = run({ batch: "128" });
  training.room = 8;
  epochs(training, 37);
  const kept = training.moments.map(({ epoch }) => epoch);
  assert.ok(kept.length <= 8);
  assert.deepEqual(
    kept,
    kept.map((_, i) => i * training.every),
  );
  assert.ok(kept.at(-1) > 37 - training.every);
});

test("the loss falls, in training and on other images", () => {
  for (const objective of ["linear", "sparse-l1", "contractive", "cvae"]) {
    const training = run({ objective });
    epochs(training, 12);
    for (const [first, last] of Object.values(training.curves).map((all) => [all[0], all.at(-1)])) {
      assert.ok(last[1] + last[2] < 0.97 * (first[1] + first[2]), objective);
    }
  }
});

test("what is seen has its size, and looking changes nothing", () => {
  for (const [latent, manifold] of [
    ["1", SHOWN.columns],
    ["2", SHOWN.side ** 2],
    ["16", SHOWN.rows * SHOWN.columns],
  ]) {
    for (const objective of ["vae", "autoencoder", "denoising", "cvae"]) {
      const training = run({ objective, latent });
      epochs(training, 1);
      const before = values(training);
      const { views } = training.frame(ALL);
      assert.equal(views.codes.points.length, 2 * SETS.test.labels.length);
      assert.equal(views.manifold.pictures.length, 64 * manifold);
      assert.equal(views.rebuilt.length, 64 * SHOWN.rebuilt);
      assert.equal(views.weights.length, 64 * SHOWN.units);
      assert.equal(views.rates?.length, objective.includes("vae") ? Number(latent) : undefined);
      for (const seen of [views.codes.points, views.manifold.pictures, views.rebuilt])
        assert.ok(seen.every(Number.isFinite));
      assert.deepEqual(values(training), before);
    }
  }
});

test("what is rebuilt is what its error says", () => {
  const training = run({ objective: "linear", latent: "8" });
  epochs(training, 5);
  const all = training.frame(["rebuilt"]).views.rebuilt;
  const images = Float32Array.from(SETS.test.pixels.subarray(0, all.length), (grey) => grey / 255);
  const { distortion } = training.trainer.measure({
    pixels: SETS.test.pixels.subarray(0, all.length),
    labels: SETS.test.labels.subarray(0, SHOWN.rebuilt),
  });
  assert.ok(Math.abs(squaredErrors(images, all, 64) - distortion) < 1e-4 * distortion);
});

test("PCA keeps what lies along its components", () => {
  const set = { mean: Float32Array.of(1, 1), components: Float32Array.of(0.6, 0.8, -0.8, 0.6) };
  const images = Float32Array.of(1.6, 1.8, 1.8, 0.4);
  const found = byPca(set, images, 1);
  [1.6, 1.8, 1, 1].forEach((value, i) => assert.ok(Math.abs(found[i] - value) < 1e-6));
});

test("settings that cannot be meant are as usual", () => {
  const found = completed({ set: "none", objective: "x", latent: "5", rate: "0.01", seed: "-1", hidden: "9" }, [
    DIGITS,
  ]);
  const plain = completed({}, [DIGITS]);
  assert.deepEqual(found, { ...plain, rate: "0.01" });
  assert.equal(completed({ set: "moons", objective: "sparse-kl" }, [DIGITS, MOONS]).objective, "autoencoder");
  assert.equal(completed({ objective: "contractive", hidden: "64" }, [DIGITS]).hidden, "none");
  assert.equal(completed({ set: "moons" }, [DIGITS, { ...MOONS, why: "It is away." }]).set, "digits");
  assert.equal(begun(completed({ set: "moons", objective: "vae" }, [MOONS]), MOONS).build.likelihood, "gaussian");
});
