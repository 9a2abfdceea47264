// Twins: what they share, that they go in lockstep, and what may be said of their seeds.
import assert from "node:assert/strict";
import { test } from "node:test";

import { compared } from "../../vaecore/browser/train/comparing.js";
import { Group } from "../../vaecore/browser/train/group.js";
import { judged } from "../../vaecore/browser/train/judging.js";
import { Pace } from "../../vaecore/browser/train/pace.js";
import { Run } from "../../vaecore/browser/train/run.js";
import { SEEDS, Study } from "../../vaecore/browser/train/seeds.js";
import { CHOICES, begun, completed, tuned } from "../../vaecore/browser/train/settings.js";
import { completedPair, keysOf, nextTo, pairOf, valuesOf } from "../../vaecore/browser/train/twins.js";
import { sentences } from "../../vaecore/browser/train/verdict.js";
import { DIGITS, MOONS, SETS } from "./few.js";

const pairFor = (asked, sets = [DIGITS]) => pairOf(completedPair({ set: sets[0].name, ...asked }, sets));
const twins = (asked) =>
  new Group(
    pairFor(asked).map((own) => begun(own, DIGITS)),
    SETS,
  );
const epochs = (training, count) => {
  for (let left = count; left > 0;) if (training.step()) left -= 1;
};
const values = ({ trainer }) => [...trainer.model.flat.values];
const images = ({ trainer }) => [...trainer.model.image.data.subarray(0, trainer.batch * trainer.model.image.stride)];

test("twins whose difference is null stay the same to the bit, whatever is done with them", () => {
  const group = twins({ objective: "beta-vae", beta: "4", twin: "beta:4" });
  epochs(group, 2);
  group.step();
  group.goBack(1);
  epochs(group, 2);
  const [one, other] = group.runs;
  assert.deepEqual(values(one), values(other));
  assert.deepEqual(one.curves, other.curves);
  assert.deepEqual(group.frames(["codes", "rebuilt"])[0], group.frames(["codes", "rebuilt"])[1]);
});

test("twins of another β have the same start, the same batch and the same noise, and then go apart", () => {
  const group = twins({ objective: "beta-vae", beta: "1", twin: "beta:4" });
  const [one, other] = group.runs;
  assert.deepEqual(values(one), values(other));
  group.step();
  assert.deepEqual(images(one), images(other));
  assert.deepEqual([...one.trainer.model.noise.data], [...other.trainer.model.noise.data]);
  assert.equal(one.trainer.model.terms.distortion, other.trainer.model.terms.distortion);
  assert.equal(other.trainer.model.terms.other, 4 * one.trainer.model.terms.other);
  assert.notDeepEqual(values(one), values(other));
  group.step();
  assert.deepEqual(images(one), images(other));
  assert.notEqual(one.trainer.model.terms.distortion, other.trainer.model.terms.distortion);
});

test("each of twins is to the bit what it would be alone", () => {
  for (const asked of [
    { objective: "denoising", twin: "level:0.3" },
    { twin: "objective:autoencoder" },
    { twin: "latent:4" },
  ]) {
    const group = twins(asked);
    epochs(group, 2);
    pairFor(asked).forEach((own, i) => {
      const alone = new Run(begun(completed(own, [DIGITS]), DIGITS), SETS);
      epochs(alone, 2);
      assert.deepEqual(values(group.runs[i]), values(alone));
      assert.deepEqual(
        group.runs[i].curves.test.map((row) => row.slice(0, 3)),
        alone.curves.test,
      );
    });
  }
});

test("layers of the same shape start alike in twins, whatever they differ in", () => {
  let found = 0;
  for (const objective of ["vae", "denoising", "sparse-kl"]) {
    const settings = completed({ objective, set: "digits" }, [DIGITS]);
    for (const key of keysOf(settings, [DIGITS])) {
      const [one, other] = twins({ ...settings, twin: `${key}:${nextTo(settings, key, [DIGITS])}` }).runs;
      const shapes = [one, other].map(({ trainer }) =>
        Object.fromEntries(trainer.model.parameters.map(({ name, shape }) => [name, String(shape)])),
      );
      one.trainer.model.parameters.forEach((parameter, i) => {
        const same = other.trainer.model.parameters[i];
        const layer = [parameter.name, parameter.name.replace(".bias", ".weight")]; // whose inputs scale its biases
        if (parameter.name !== same?.name || layer.some((name) => shapes[0][name] !== shapes[1][name])) return;
        found += 1;
        assert.deepEqual(parameter.out.data, same.out.data, `${objective}, ${key}, ${parameter.name}`);
      });
    }
  }
  assert.ok(found > 60);
});

test("twins of another batch have seen the same images at the end of each epoch, and keep the same moments", () => {
  for (const [batch, other] of [
    ["64", "16"],
    ["16", "128"],
  ]) {
    const group = twins({ batch, twin: `batch:${other}` });
    group.runs.forEach((run) => (run.room = 4));
    for (let i = 0; i < 7; i++) {
      epochs(group, 1);
      assert.deepEqual(
        group.runs.map(({ trainer }) => [trainer.epoch, trainer.used, trainer.step]),
        [batch, other].map((size) => [i + 1, 0, (i + 1) * Math.floor(200 / Number(size))]),
      );
    }
    const [one, two] = group.frames([]);
    assert.deepEqual(one.kept, two.kept);
    group.goBack(1);
    assert.deepEqual(...group.runs.map(({ trainer }) => trainer.epoch));
    group.step();
    assert.ok(group.runs.every((run) => !run.present));
  }
});

test("twins of unequal size keep as many moments, and together no more than one alone", () => {
  const asked = { hidden: "256-128", latent: "128", twin: "hidden:16" };
  const alone = pairFor(asked).map((own) => new Run(begun(own, DIGITS), SETS).room);
  assert.notEqual(...alone);
  assert.deepEqual(
    twins(asked).runs.map(({ room }) => room),
    [0, 1].map(() => Math.ceil(Math.min(...alone) / 2)),
  );
});

test("a loss that is no number any more ends both, and it is said whose it is", () => {
  const group = twins({ twin: "rate:0.03" });
  group.step();
  group.runs[1].trainer.model.flat.values.fill(NaN);
  assert.throws(() => group.step(), /second twin .* smaller learning rate/);
  const [begin] = pairFor({}).map((own) => begun(own, DIGITS));
  const alone = new Group([begin], SETS);
  alone.runs[0].trainer.model.flat.values.fill(NaN);
  assert.throws(() => alone.step(), /^Error: The loss is no number/);
});

test("a batch that the rest of an epoch does not fill ends it, at once or when time turns back to it", () => {
  const larger = tuned(completed({ batch: "128" }, [DIGITS]));
  for (const back of [false, true]) {
    const training = new Run(begun(completed({}, [DIGITS]), DIGITS), SETS);
    training.step();
    training.step();
    if (back) training.goBack(0);
    training.tune(larger);
    if (back) training.goBack(1);
    assert.equal(training.trainer.epoch, 1);
    training.step();
    assert.ok(values(training).every(Number.isFinite));
  }
});

test("a twin differs in one setting that can be meant, or there is none", () => {
  const of = (asked, sets = [DIGITS]) => completedPair({ set: sets[0].name, ...asked }, sets).twin;
  assert.equal(of({ objective: "beta-vae", twin: "beta:16" }), "beta:16");
  assert.equal(of({ objective: "autoencoder", twin: "objective:denoising" }), "objective:denoising");
  for (const twin of ["", "beta", ":", "beta:4", "seed:2", "set:moons", "speed:1", "latent:5", "what:1", "__proto__:1"])
    assert.equal(of({ objective: "vae", twin }), undefined, twin);
  assert.equal(of({ objective: "vae", hidden: "64", twin: "objective:linear" }), undefined); // has no hidden layers
  assert.equal(of({ objective: "vae", hidden: "none", twin: "objective:linear" }), "objective:linear");
  assert.equal(of({ objective: "autoencoder", twin: "objective:cvae" }, [MOONS]), undefined);
  for (const objective of CHOICES.objective.options.map(([name]) => name)) {
    const settings = completed({ set: "digits", objective }, [DIGITS]);
    for (const key of keysOf(settings, [DIGITS])) {
      for (const [value] of valuesOf(settings, key, [DIGITS])) {
        const [one, other] = pairFor({ ...settings, twin: `${key}:${value}` });
        const apart = Object.keys(CHOICES).filter((each) => one[each] !== other[each]);
        assert.deepEqual(apart, value === settings[key] ? [] : [key]);
        assert.equal(begun(other, DIGITS).build.model, other.objective);
      }
    }
  }
});

test("the seeds train both settings from their own starts, and judge each as it would be alone", () => {
  const begins = pairFor({ objective: "beta-vae", beta: "1", twin: "beta:4", seed: "5" }).map((own) =>
    begun(own, DIGITS),
  );
  const study = new Study({ begins, epochs: 2 }, SETS);
  const shares = [];
  while (!study.step()) shares.push(study.share);
  assert.ok(shares.every((share, i) => share > (shares[i - 1] ?? 0) && share < 1));
  assert.equal(shares.length + 1, 2 * SEEDS * 2 * 3); // 3 batches in an epoch
  begins.forEach((begin, which) => {
    for (let i = 0; i < SEEDS; i++) {
      const alone = new Run({ ...begin, seed: 5 + i }, SETS);
      epochs(alone, 2);
      const [, distortion, other] = alone.curves.test.at(-1);
      const found = study.found[which][i];
      assert.equal(found.distortion, distortion);
      assert.ok(Math.abs(found.rate * begin.tuned.own.beta - other) < 1e-6 * other);
    }
  });
});

test("what twins are judged by: the error of the images without noise, and an unweighed rate", () => {
  for (const objective of ["denoising", "beta-vae", "cvae"]) {
    const training = new Run(begun(completed({ set: "digits", objective, beta: "8" }, [DIGITS]), DIGITS), SETS);
    epochs(training, 2);
    const before = { ...training.trainer.model.own };
    const found = judged(training.trainer, SETS.test);
    assert.deepEqual(training.trainer.model.own, before);
    const { model } = training.trainer;
    let [error, rate] = [0, 0];
    for (let r = 0; r < 56; r++) {
      training.trainer.take(SETS.test, r, 0);
      model.own.corruption = "none";
      model.show(1, training.trainer.labels);
      model.own.corruption = before.corruption;
      model.encode(1);
      model.decode(1);
      for (let i = 0; i < 64; i++) error += (SETS.test.pixels[64 * r + i] / 255 - model.mean.data[i]) ** 2 / 56;
      if (!model.isVariational) continue;
      for (let i = 0; i < model.build.latent; i++) {
        const [mean, scale] = [model.code.out.data[i], Math.exp(model.code.out.data[model.build.latent + i])];
        rate += (mean ** 2 + scale ** 2 - 1 - 2 * Math.log(scale)) / 2 / 56;
      }
    }
    assert.ok(Math.abs(found.squared - error) < 1e-4 * error, objective);
    assert.ok(Math.abs(found.rate - rate) < 1e-4 * rate + 1e-9, objective);
  }
});

// All of it written out, and a range as the largest of all differences.
function byHand(first, other) {
  let [sum, most] = [0, 0];
  for (let i = 0; i < first.length; i++) {
    sum += other[i] - first[i];
    for (let j = 0; j < first.length; j++) most = Math.max(most, first[i] - first[j], other[i] - other[j]);
  }
  return [sum / first.length, most, sum * sum > most * most * first.length * first.length];
}

test("a difference is larger than that between seeds if its mean is more than either range", () => {
  let [state, larger] = [1, 0];
  const drawn = () => (state = (48271 * state) % 2147483647) / 2147483647;
  const normal = () => Math.sqrt(-2 * Math.log(drawn())) * Math.cos(2 * Math.PI * drawn());
  for (let i = 0; i < 20000; i++) {
    const [first, other] = [0, 1].map(() => [0, 1, 2].map(() => normal()));
    const { mean, between, larger: found } = compared(first, other);
    const wanted = byHand(first, other);
    assert.ok(Math.abs(mean - wanted[0]) < 1e-12 && between === wanted[1] && found === wanted[2]);
    larger += found;
  }
  assert.ok(Math.abs(larger / 20000 - 0.05) < 0.006, `${larger} of 20000`); // what the rule is said to err by
  assert.equal(compared([1, 2, 3], [3, 4, 5]).larger, false); // as large is not larger
  assert.equal(compared([5, 6, 7], [1, 2, 3]).larger, true);
});

test("a sentence says what was found, of what both have", () => {
  const of = (asked, all) =>
    sentences(
      pairFor(asked),
      all.map((each) => each.map(([distortion, rate, squared]) => ({ distortion, rate, squared, other: 0 }))),
      3,
    );
  const found = [
    [
      [20, 2, 4],
      [21, 2.5, 5],
      [22, 3, 6],
    ],
    [
      [25, 1, 4.5],
      [26, 2, 5],
      [27, 3, 5],
    ],
  ];
  assert.deepEqual(of({ objective: "beta-vae", beta: "1", twin: "beta:4", seed: "3" }, found), [
    "β 4 against 1, seeds 3, 4, 5, tested after 3 epochs:",
    "Distortion 5.00 nats higher: larger than the difference between seeds, 2.00.",
    "Rate 0.500 nats lower: no larger than the difference between seeds, 2.00.",
    "Elbo 4.50 nats lower: larger than the difference between seeds, 4.00.",
  ]);
  const [head, ...others] = of({ twin: "objective:autoencoder" }, found);
  assert.equal(head, "Autoencoder against VAE, seeds 0, 1, 2, tested after 3 epochs:");
  assert.deepEqual(others, [
    "Squared error 0.167 lower: no larger than the difference between seeds, 2.00.",
    "One loss is in nats and the other a squared error, which cannot be compared: this is how well both rebuild.",
  ]);
  const told = of({ twin: "objective:cvae" }, found);
  assert.equal(told.length, 4);
  assert.match(told[3], /elbos cannot be compared/);
  assert.match(of({ objective: "denoising", twin: "level:0.3" }, found)[2], /without noise/);
  assert.match(of({ twin: "rate:0.003" }, [found[0], found[0]])[0], /there is no difference/);
});

test("a pace takes so many batches a second, from the first at once, and a click ahead of its time", () => {
  const pace = new Pace();
  const taken = (until) => {
    let count = 0;
    for (let now = 0; now < until; now += 1) {
      if (pace.rest(now) > 0) continue;
      pace.took(now);
      count += 1;
    }
    return count;
  };
  assert.ok(pace.isFull);
  assert.equal(taken(50), 50);
  for (const perSecond of [1, 10, 60]) {
    pace.set(perSecond, 0);
    pace.start(0);
    assert.equal(taken(3000), 3 * perSecond);
  }
  pace.set(1, 3000);
  pace.took(3000);
  assert.ok(pace.rest(3001) > 900);
  pace.start(3001);
  assert.equal(pace.rest(3001), 0);
  pace.took(9000); // long after its time
  assert.equal(pace.rest(9000), 0);
  pace.took(9000);
  assert.equal(pace.rest(9000), 1000);
});
