import assert from "node:assert/strict";
import { test } from "node:test";

import { Restoration } from "../src/restoration.js";
import { Restorer } from "../src/restorer.js";
import { enlargeAlpha, fillHidden, keepHidden } from "../src/transparency.js";
import { golden } from "./goldens.mjs";

const { filled, enlarged } = golden("transparency.json");

test("hidden colours are filled as in Python", () => {
  let changed = 0;
  for (const one of filled) {
    const pixels = Uint8Array.from(one.pixels);
    const alpha = Uint8Array.from(one.alpha);
    const photo = { ...one, pixels, alpha };
    const found = fillHidden(photo);
    assert.deepEqual([...found], one.result);
    // The photo itself stays, and gets back what it had.
    assert.deepEqual([...pixels], one.pixels);
    if (found === pixels) continue;
    changed++;
    assert.deepEqual([...keepHidden(found, photo)], one.pixels);
  }
  assert.equal(changed, 5);
});

test("opacity is enlarged as in Python", () => {
  for (const { alpha, height, width, scale, result } of enlarged) {
    const bytes = Uint8Array.from(alpha);
    assert.deepEqual([...enlargeAlpha(bytes, height, width, scale)], result);
  }
});

test("a photo is enlarged with its opacity, part by part", async () => {
  const sidecar = {
    channels: 1,
    scale: 2,
    tile: [6, 8],
    halo: 2,
    receptive_field: 5,
    size_multiple: 1,
    sigma_input: false,
  };
  const restorer = new Restorer(sidecar, (tile) => {
    const large = new Float32Array(4 * tile.length);
    return large.map((_, i) => tile[(i >> 5) * 8 + ((i >> 1) & 7)]);
  });
  const pixels = Uint8Array.from({ length: 35 }, (_, i) => 7 * i);
  const alpha = Uint8Array.from({ length: 35 }, (_, i) => 40 + 5 * i);
  const photo = { pixels, alpha, height: 5, width: 7, channels: 1 };
  const restoration = new Restoration(restorer, photo);
  const shown = new Uint8Array(140);
  const found = await restoration.restore(1, {
    show: ({ top, left, height, width, pixels: part }) => {
      for (let y = 0; y < height; y++) {
        const line = part.subarray(y * width, (y + 1) * width);
        shown.set(line, (top + y) * 14 + left);
      }
    },
  });
  const wanted = found.map((_, i) => pixels[7 * (Math.floor(i / 14) >> 1) + ((i % 14) >> 1)]);
  assert.deepEqual(found, wanted);
  assert.deepEqual(shown, found);
  const { frame } = restoration;
  assert.deepEqual([frame.width, frame.height], [14, 10]);
  assert.equal(frame.alpha.length, 140);
});
