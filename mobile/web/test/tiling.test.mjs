import assert from "node:assert/strict";
import { test } from "node:test";

import { TilePlan, blendWeights, reflect, runTiles } from "../src/tiling.js";
import { golden } from "./goldens.mjs";

test("plans are the golden ones", () => {
  for (const plan of golden("tiling.json")) {
    const { height, width, tile, halo, feather } = plan;
    const found = new TilePlan(height, width, tile, halo, feather);
    for (const [axis, size] of [
      ["rows", height],
      ["columns", width],
    ]) {
      const spans = found[axis].map((span) => ({
        ...span,
        weights: [...blendWeights(span, size, feather)],
      }));
      assert.deepEqual(spans, plan[axis]);
    }
  }
});

test("reflection gives the golden indices", () => {
  for (const { start, stop, size, indices } of golden("reflect.json")) {
    assert.deepEqual([...reflect(start, stop, size)], indices);
  }
});

test("blends are the golden ones, bit for bit", async () => {
  for (const blend of golden("blends.json")) {
    const { height, width, channels, tile, halo, feather, scale } = blend;
    const plan = new TilePlan(height, width, tile, halo, feather);
    const result = new Float32Array(blend.result.length);
    let count = 0;
    await runTiles(plan, {
      channels,
      scale,
      read: (rows, columns) =>
        Float32Array.from(
          [...rows].flatMap((row) =>
            [...columns].flatMap((column) => {
              const pixel = (row * width + column) * channels;
              return blend.image.slice(pixel, pixel + channels);
            }),
          ),
        ),
      run: (part) => {
        const added = Math.fround(Math.fround(blend.add) * count++);
        return enlarge(part, tile, channels, scale).map((v) => v + added);
      },
      write: (top, band) => result.set(band, top * width * scale * channels),
    });
    assert.equal(count, plan.length);
    assert.deepEqual([...result], blend.result);
  }
});

function enlarge(part, [height, width], channels, scale) {
  const large = new Float32Array(part.length * scale * scale);
  for (let y = 0, i = 0; y < height * scale; y++) {
    for (let x = 0; x < width * scale; x++) {
      const row = Math.floor(y / scale);
      const pixel = row * width + Math.floor(x / scale);
      for (let c = 0; c < channels; c++)
        large[i++] = part[pixel * channels + c];
    }
  }
  return large;
}

test("plans that leave nothing are refused in a sentence", () => {
  assert.throws(() => new TilePlan(9, 9, [16, 16], 8), /leaves nothing/);
  assert.throws(() => new TilePlan(9, 9, [16, 16], 4, 5), /feather of 5/);
  assert.throws(() => new TilePlan(0, 9, [16, 16], 4), /at least one pixel/);
});
