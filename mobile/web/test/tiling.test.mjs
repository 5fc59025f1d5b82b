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
      write: (part) => place(part, result, width * scale, channels),
    });
    assert.equal(count, plan.length);
    assert.deepEqual([...result], blend.result);
  }
});

function place(part, result, width, channels) {
  const line = part.width * channels;
  for (let y = 0; y < part.height; y++) {
    const at = ((part.top + y) * width + part.left) * channels;
    result.set(part.values.subarray(y * line, (y + 1) * line), at);
  }
}

test("what is seen comes first, from its centre outwards", async () => {
  const plan = new TilePlan(60, 80, [12, 12], 1);
  assert.deepEqual(
    plan.tilesFrom().map(([row, column]) => [row.start, column.start]),
    plan.rows.flatMap((row) =>
      plan.columns.map((column) => [row.start, column.start]),
    ),
  );
  const around = { left: 30, top: 20, width: 20, height: 10 };
  const order = plan.tilesFrom(around);
  assert.equal(order.length, plan.length);
  const starts = order.map(([row, column]) => [row.start, column.start]);
  // Two of the three columns that overlap it, in the one row inside.
  assert.deepEqual(starts[0], [20, 30]);
  assert.deepEqual(starts[1], [20, 40]);
  assert.deepEqual(starts.at(-1), [50, 70]);
  const distinct = new Set(starts.map(([y, x]) => `${y} ${x}`));
  assert.equal(distinct.size, plan.length);
});

test("the order of exact tiles leaves the result as it is", async () => {
  const plan = new TilePlan(23, 31, [9, 11], 2);
  const image = Float32Array.from({ length: 23 * 31 }, (_, i) => i);
  for (const around of [
    undefined,
    { left: 20, top: 15, width: 2, height: 2 },
  ]) {
    const result = new Float32Array(image.length);
    const written = new Uint8Array(image.length);
    await runTiles(plan, {
      channels: 1,
      around,
      read: (rows, columns) =>
        Float32Array.from(
          [...rows].flatMap((row) =>
            [...columns].map((column) => image[row * 31 + column]),
          ),
        ),
      run: (tile) => tile,
      write: (part) => {
        place(part, result, 31, 1);
        place({ ...part, values: part.values.map(() => 1) }, written, 31, 1);
      },
    });
    assert.deepEqual(result, image);
    assert.ok(written.every((byte) => byte === 1));
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
