// The protocol between Python and a part of a page: mounted once, gestures by their turns, outdated answers.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Component, mounting } from "../../vaecore/browser/component.js";

globalThis.HTMLElement = class {};

// A component that shows data when it is let, unless that is replaced or outdated.
class Part extends Component {
  constructor(root) {
    super(root);
    this.seen = [];
    this.left = 0;
    parts.push(this);
  }

  async update(data) {
    await data.arrival;
    if (this.isReplaced(data) || this.isOutdated(data)) return;
    this.shown = data;
    this.seen.push(data.name);
  }

  leave() {
    this.left++;
  }
}

const parts = [];
const place = () => ({ querySelector: (selector) => (selector === ".part" ? new HTMLElement() : null) });
const mount = mounting(".part", Part);
const settled = () => new Promise((resolve) => setTimeout(resolve));

// A component on a page of its own, what shows data on it, and what it told Python.
function mounted() {
  const [parentElement, told] = [place(), []];
  const setStateValue = (name, value) => told.push([name, value]);
  const show = (data) => mount({ data, parentElement, setStateValue });
  return { show, told, own: () => parts[parts.length - 1] };
}

test("a component is made once for its place, and anew after it has left", () => {
  const before = parts.length;
  const { show, own } = mounted();
  show({ name: "a" });
  const leave = show({ name: "b" });
  assert.equal(parts.length, before + 1);
  leave();
  assert.equal(own().left, 1);
  show({ name: "c" });
  assert.equal(parts.length, before + 2);
  mounted().show({ name: "d" });
  assert.equal(parts.length, before + 3);
});

test("a place without the component's root is an error that names it", () => {
  const empty = { querySelector: () => null };
  assert.throws(() => mount({ data: {}, parentElement: empty, setStateValue() {} }), /expected .* at \.part/);
});

test("turns are counted from the one that Python knows", () => {
  const { show, told, own } = mounted();
  show({ name: "a", turn: 7 });
  own().tell("stand", { at: 1 });
  own().tell("stand", { at: 2 });
  assert.deepEqual(told, [
    ["stand", { at: 1, turn: 8 }],
    ["stand", { at: 2, turn: 9 }],
  ]);
});

test("an answer to an earlier gesture is dropped, one to the last is shown", async () => {
  const { show, own } = mounted();
  show({ name: "first", turn: 0 });
  await settled();
  own().tell("stand", {});
  own().tell("stand", {});
  show({ name: "to the first gesture", turn: 1 });
  await settled();
  show({ name: "to the second", turn: 2 });
  await settled();
  assert.deepEqual(own().seen, ["first", "to the second"]);
});

test("a gesture while data is on its way makes it outdated", async () => {
  const { show, own } = mounted();
  show({ name: "first", turn: 0 });
  await settled();
  let arrive;
  show({ name: "late", turn: 0, arrival: new Promise((resolve) => (arrive = resolve)) });
  own().tell("stand", {});
  arrive();
  await settled();
  assert.deepEqual(own().seen, ["first"]);
});

test("of data that arrives in another order the last that was asked for is shown", async () => {
  const { show, own } = mounted();
  let arrive;
  show({ name: "slow", arrival: new Promise((resolve) => (arrive = resolve)) });
  show({ name: "fast" });
  await settled();
  arrive();
  await settled();
  assert.deepEqual(own().seen, ["fast"]);
});

test("data without a turn is never outdated", () => {
  const { show, own } = mounted();
  show({ name: "a" });
  assert.equal(own().isOutdated({ name: "b" }), false);
});

test("a gesture is told to whom the last call named", () => {
  const [parentElement, first, second] = [place(), [], []];
  mount({ data: { turn: 0 }, parentElement, setStateValue: (...said) => first.push(said) });
  mount({ data: { turn: 0 }, parentElement, setStateValue: (...said) => second.push(said) });
  parts[parts.length - 1].tell("stand", {});
  assert.equal(first.length, 0);
  assert.deepEqual(second, [["stand", { turn: 1 }]]);
});

test("what is shown is asked for in vain before anything has been sent", () => {
  assert.throws(() => new Component(new HTMLElement()).data, /nothing has been sent yet/);
});
