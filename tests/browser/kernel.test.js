// The kernel's bytes are what its text gives, and it does what plain JavaScript does.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";

import { kernelBytes, makeKernel } from "../../vaecore/browser/train/kernel.js";
import { assertClose } from "./answers.js";

const TOOLS = new URL("../../.ci/", import.meta.url);
const TEXT = new URL("../../vaecore/browser/train/kernel.wat", import.meta.url);
const missing = !existsSync(new URL("node_modules/wabt", TOOLS)) && "needs `npm ci --prefix .ci`";

test("the bytes are those of the text", { skip: missing }, async () => {
  const wabt = await createRequire(new URL("package.json", TOOLS))("wabt")();
  const { buffer } = wabt.parseWat("kernel.wat", readFileSync(TEXT, "utf8")).toBinary({});
  assert.equal(Buffer.from(kernelBytes()).toString("base64"), Buffer.from(buffer).toString("base64"));
});

// Both kernels after the same call, on the same numbers.
function after(call) {
  const numbers = Float32Array.from({ length: 2048 }, (_, i) => ((i * 37) % 101) / 101 + 0.01);
  return [false, true].map((plain) => {
    const kernel = makeKernel(4 * numbers.length, plain);
    const memory = new Float32Array(kernel.buffer);
    memory.set(numbers);
    call(kernel);
    return memory.slice(0, numbers.length);
  });
}

for (const [name, call] of Object.entries({
  "a product": ({ multiply }) => multiply(8, 16, 5, 0, 20, 4, 400, 2048),
  "a product of a transposed matrix": ({ multiply }) => multiply(4, 8, 11, 0, 4, 16, 400, 2048),
  "a transpose": ({ transpose }) => transpose(6, 9, 0, 2048),
  "a step of Adam": ({ adam }) => adam(32, 0, 512, 1024, 2048, 0.1, 0.99, 0.01, 0.999, 0.02, 3, 1e-8),
})) {
  test(`${name} by both kernels`, () => {
    const [fast, plain] = after(call);
    assertClose(fast, plain, 1e-5);
    assert.notDeepEqual(fast, after(() => {})[0]);
  });
}

test("a product is a product", () => {
  const kernel = makeKernel(1024);
  const memory = new Float32Array(kernel.buffer);
  const [a, b, c] = [0, 64, 128];
  for (let i = 0; i < 4; i++) for (let t = 0; t < 3; t++) memory[a + i * 3 + t] = i + 10 * t;
  for (let t = 0; t < 3; t++) for (let j = 0; j < 8; j++) memory[b + t * 8 + j] = t - j;
  kernel.multiply(4, 8, 3, 4 * a, 12, 4, 4 * b, 4 * c);
  for (let i = 0; i < 4; i++) {
    for (let j = 0; j < 8; j++) {
      const expected = [0, 1, 2].reduce((sum, t) => sum + (i + 10 * t) * (t - j), 0);
      assert.equal(memory[c + i * 8 + j], expected);
    }
  }
});

test("where there is no room for another memory of WebAssembly it is done in plain JavaScript", () => {
  const { Memory } = WebAssembly;
  WebAssembly.Memory = class {
    constructor() {
      throw new RangeError("could not allocate memory");
    }
  };
  try {
    const { buffer, multiply } = makeKernel(4 * (4 + 32 + 32));
    const numbers = new Float32Array(buffer);
    numbers.set([1, 2, 3, 4]); // A [4, 1] and B [1, 8]
    numbers.fill(5, 4, 12);
    multiply(4, 8, 1, 0, 4, 4, 16, 4 * 36);
    assert.deepEqual(
      [...numbers.subarray(36, 68)],
      [5, 10, 15, 20].flatMap((each) => Array(8).fill(each)),
    );
  } finally {
    WebAssembly.Memory = Memory;
  }
});
