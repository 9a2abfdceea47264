// The plane of the codes: what is shown of it, and points there.
import assert from "node:assert/strict";
import { test } from "node:test";

import { encloses, outline } from "../../vaecore/browser/maps/lasso.js";
import { nearestRows } from "../../vaecore/browser/maps/neighbours.js";
import { Ground } from "../../vaecore/browser/paths/ground.js";
import { Plane, Square } from "../../vaecore/browser/plane.js";
import { answers, assertClose, floats } from "./answers.js";

const { points, labels, low, high, medians, places, nearest, distances } = answers.plane;

test("the middle 99 percent of the points are in sight, on axes of one scale, with room around them", () => {
  const plane = new Plane(floats(points));
  plane.side = 500;
  assertClose(plane.center, [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2]);
  assertClose([plane.span], [1.12 * Math.max(high[0] - low[0], high[1] - low[1])]);
  const [left, bottom] = plane.toScreen(...low);
  const [right, top] = plane.toScreen(...high);
  assertClose([(right - left) / (high[0] - low[0])], [(bottom - top) / (high[1] - low[1])], 1e-9);
  assert.ok(Math.min(left, top) >= 0 && Math.max(right, bottom) <= 500);
});

test("a place that has to be in sight is", () => {
  const plane = new Plane(floats(points));
  plane.fit([[1000, -7]]);
  plane.side = 100;
  const [x, y] = plane.toScreen(1000, -7);
  assert.ok(x > 90 && x < 100 && y > 0 && y < 100);
});

test("points that are all equal are shown", () => {
  const plane = new Plane(Float32Array.of(2, 3, 2, 3));
  plane.side = 100;
  assertClose(plane.place(0), [50, 50]);
});

test("the screen leads back to the plane", () => {
  const square = new Square();
  square.show([3, -2], 8);
  square.side = 200;
  assertClose(square.toScreen(3, -2), [100, 100]);
  assertClose(square.toScreen(4, -1), [125, 75]);
  assertClose(square.toPlane(...square.toScreen(0.7, 1.9)), [0.7, 1.9]);
});

test("the nearest point, within a distance or however far", () => {
  const plane = new Plane(floats(points));
  for (const [i, place] of places.entries()) {
    assert.equal(plane.nearest(...place), nearest[i]);
    assert.equal(plane.nearest(...place, 1.01 * distances[i]), nearest[i]);
    assert.equal(plane.nearest(...place, 0.99 * distances[i]), -1);
  }
});

test("the medians of the classes, none of a class without points", () => {
  const found = new Plane(floats(points)).medians(labels, 4);
  assert.equal(found[3], null);
  assertClose(found.slice(0, 3).flat(), medians.flat());
});

test("the point beside another one in a direction is within 45 degrees of it", () => {
  const ground = new Ground(Float32Array.of(0, 0, 2, 1, 1, 3, -1, 0.5));
  assert.equal(ground.beside(0, [1, 0]), 1);
  assert.equal(ground.beside(0, [0, 1]), 2);
  assert.equal(ground.beside(0, [-1, 0]), 3);
  assert.equal(ground.beside(0, [0, -1]), -1);
});

test("a lasso holds the places that it goes round an odd number of times", () => {
  const { corners, inside, places: all } = answers.lasso;
  assert.deepEqual(
    all.map(([x, y]) => encloses(corners, x, y)),
    inside,
  );
  assert.ok(inside.includes(true) && inside.includes(false));
});

test("a box lies between the ends of the trace, a lasso is the trace itself", () => {
  const trace = [[1, 2], [9, 9], [5, 8]]; // prettier-ignore
  assert.deepEqual(outline("lasso", trace), trace);
  assert.deepEqual(outline("box", trace), [[1, 2], [5, 2], [5, 8], [1, 8]]); // prettier-ignore
  assert.deepEqual(outline("box", [[1, 2], [1, 7]]), []); // prettier-ignore
});

test("the nearest codes by all their numbers, the nearest first", () => {
  const { codes, code, nearest: rows } = answers.neighbours;
  assert.deepEqual(nearestRows(floats(codes), code, 8), rows);
  assert.deepEqual(nearestRows(floats(codes), code, 100).slice(0, 8), rows);
  assert.equal(nearestRows(floats(codes), code, 100).length, 50);
});
