import assert from "node:assert/strict";
import { test } from "node:test";

import {
  describeProgress,
  durationText,
  restoredName,
  sizeText,
  speedText,
} from "../src/wording.js";

test("progress", () => {
  const restoring = { stage: "restoring", done: 0, total: 6 };
  assert.equal(describeProgress(restoring, 3, 0), "Tile 1 of 6");
  assert.equal(
    describeProgress({ ...restoring, done: 2 }, 3, 4),
    "Tile 3 of 6, 0.25 MP/s, 8 s left",
  );
  assert.match(
    describeProgress({ ...restoring, done: 6 }, 3, 4),
    /Tile 6 of 6/,
  );
  assert.match(describeProgress({ stage: "writing" }, 3, 4), /^Writing/);
});

test("figures", () => {
  assert.equal(durationText(0.2), "1 s");
  assert.equal(durationText(59.2), "1 min 0 s");
  assert.equal(durationText(125), "2 min 5 s");
  assert.equal(speedText(12, 10), "1.2 MP/s");
  assert.equal(speedText(0.035, 1), "0.035 MP/s");
  assert.equal(sizeText({ width: 4000, height: 3000 }), "4000 x 3000, 12 MP");
  assert.equal(sizeText({ width: 700, height: 500 }), "700 x 500, 0.3 MP");
  assert.equal(sizeText({ width: 80, height: 60 }), "80 x 60");
});

test("the name of what is saved is another", () => {
  assert.equal(restoredName("a photo.JPG", "png"), "a photo_restored.png");
  assert.equal(
    restoredName("v1.2.final.png", "jpg"),
    "v1.2.final_restored.jpg",
  );
  assert.equal(restoredName("noending", "webp"), "noending_restored.webp");
  assert.equal(restoredName(".png", "png"), "photo_restored.png");
});
