import assert from "node:assert/strict";
import { test } from "node:test";

import { pinchOf, wheelFactor } from "../src/zoom_gestures.js";

const wheel = (deltaY, more = {}) =>
  wheelFactor({ deltaY, deltaMode: 0, ctrlKey: false, ...more });

test("a notch zooms by a fifth, whatever the browser counts in", () => {
  assert.equal(wheel(-100), 1.2);
  assert.equal(wheel(100) * wheel(-100), 1);
  assert.ok(Math.abs(wheel(-3, { deltaMode: 1 }) - 1.2) < 0.01);
  // No turn, however fast, loses the picture.
  assert.equal(wheel(-1e6), 1.2 ** 4);
  assert.ok(wheel(-10, { ctrlKey: true }) > wheel(-10));
  assert.equal(wheel(0), 1);
});

test("two fingers have a middle and a distance", () => {
  const touches = [
    { clientX: 10, clientY: 20 },
    { clientX: 40, clientY: 60 },
  ];
  assert.deepEqual(pinchOf(touches), { clientX: 25, clientY: 40, apart: 50 });
});
