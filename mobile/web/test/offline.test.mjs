import assert from "node:assert/strict";
import { test } from "node:test";

import { describeOffline } from "../src/offline.js";

const RUNTIME = ["litert/wasm/a.js", "litert/wasm/a.wasm"];
const MODELS = new Map([
  ["models/a.tflite", "Photo"],
  ["models/b.tflite", "Strong noise"],
]);

test("what is said of times without a network is what is there", () => {
  const say = (isolated, ...kept) =>
    describeOffline(new Set(kept), RUNTIME, MODELS, isolated);
  assert.equal(say(true), "");
  assert.equal(say(true, ...RUNTIME, "models/a.tflite"), "");
  const page = "index.html";
  assert.match(say(true, page), /needs one to restore/);
  assert.match(say(true, page, ...RUNTIME), /needs one to restore/);
  assert.match(
    say(true, page, RUNTIME[0], "models/a.tflite"),
    /needs one to restore/,
  );
  assert.equal(
    say(true, page, ...RUNTIME, "models/a.tflite"),
    "Works without a network with: Photo.",
  );
  assert.equal(
    say(false, page, ...RUNTIME, "models/b.tflite", "models/a.tflite"),
    "Works without a network with: Photo; Strong noise. " +
      "Reload the page to use all cores.",
  );
});
