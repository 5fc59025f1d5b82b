import assert from "node:assert/strict";
import { test } from "node:test";

import { makeUpright, readOrientation } from "../src/exif.js";
import { orient } from "../src/orientation.js";
import { FLOAT_OF_BYTE, meanOfThree, toByte } from "../src/pixels.js";
import { Restorer } from "../src/restorer.js";
import { golden } from "./goldens.mjs";

test("rounding is the golden one", () => {
  const { to_byte: toBytes, to_float: toFloats } = golden("rounding.json");
  for (const [value, byte] of toBytes) assert.equal(toByte(value), byte);
  assert.equal(toFloats.length, 256);
  for (const [byte, value] of toFloats) {
    assert.equal(FLOAT_OF_BYTE[byte], value);
  }
});

test("strength is the golden one", async () => {
  for (const { strength, image, restored, result } of golden("strength.json")) {
    const answers = restored.map((values) => Float32Array.from(values));
    const restorer = new Restorer(
      {
        channels: 1,
        tile: [1, image.length],
        halo: 0,
        receptive_field: 1,
        size_multiple: 1,
        sigma_input: false,
      },
      () => answers.shift(),
    );
    const pixels = Uint8Array.from(image);
    const photo = { pixels, height: 1, width: image.length, channels: 1 };
    const found = await restorer.restore(photo, { strength });
    assert.deepEqual([...found], result);
    assert.equal(answers.length, 0);
  }
});

test("models that take the noise level are told strength times sigma", async () => {
  const told = [];
  const restorer = new Restorer(
    {
      channels: 1,
      tile: [8, 8],
      halo: 2,
      receptive_field: 5,
      size_multiple: 1,
      sigma_input: true,
    },
    (tile, sigma) => (told.push(sigma), tile),
  );
  const photo = {
    pixels: new Uint8Array(35),
    height: 5,
    width: 7,
    channels: 1,
  };
  await restorer.restore(photo, { strength: 1.5, sigma: 20 });
  assert.deepEqual(told, [30, 30, 30, 30]);
});

test("gray and colour are fitted to the model", async () => {
  const sidecar = {
    tile: [4, 4],
    halo: 0,
    receptive_field: 1,
    size_multiple: 1,
    sigma_input: false,
  };
  const steps = [];
  const progress = (done, total) => steps.push([done, total]);
  const color = new Restorer({ ...sidecar, channels: 3 }, (tile) =>
    tile.map((value, i) => value + (i % 3) / 255),
  );
  const gray = {
    pixels: Uint8Array.of(10, 20),
    height: 1,
    width: 2,
    channels: 1,
  };
  const one = await color.restore(gray, { progress });
  assert.deepEqual([...one], [11, 21]);
  assert.deepEqual(steps, [
    [0, 1],
    [1, 1],
  ]);

  const plain = new Restorer({ ...sidecar, channels: 1 }, (tile) => {
    assert.equal(tile.length, 16);
    return tile.map((value) => 1 - value);
  });
  const pixels = Uint8Array.of(1, 2, 3, 4, 5, 6);
  const photo = { pixels, height: 2, width: 1, channels: 3 };
  const three = await plain.restore(photo, {});
  assert.deepEqual([...three], [254, 253, 252, 251, 250, 249]);
});

test("the mean of three is taken in float32", () => {
  const values = Float32Array.of(0.1, 0.2, 0.7);
  const sum = Math.fround(Math.fround(values[0] + values[1]) + values[2]);
  assert.equal(meanOfThree(values)[0], Math.fround(sum / 3));
});

test("orientations are the golden ones", () => {
  for (const one of golden("orientation.json")) {
    const { height, width, orientation } = one;
    const stored = Uint8Array.from({ length: 2 * height * width }, (_, i) => i);
    const upright = orient(stored, height, width, 2, orientation);
    assert.equal(upright.width, one.upright_width);
    assert.equal(upright.height, one.upright_height);
    const wanted = one.source.flatMap((index) => [2 * index, 2 * index + 1]);
    assert.deepEqual([...upright.pixels], wanted);
  }
});

test("the orientation of an EXIF block is read and set", () => {
  for (const little of [true, false]) {
    const block = new Uint8Array(26);
    const view = new DataView(block.buffer);
    view.setUint16(0, little ? 0x4949 : 0x4d4d);
    view.setUint16(2, 42, little);
    view.setUint32(4, 8, little);
    view.setUint16(8, 1, little);
    view.setUint16(10, 0x0112, little);
    view.setUint16(12, 3, little);
    view.setUint32(14, 1, little);
    view.setUint16(18, 6, little);
    assert.equal(readOrientation(block), 6);
    const cut = block.slice(0, 18);
    makeUpright(cut);
    assert.deepEqual(cut, block.slice(0, 18));
    assert.equal(readOrientation(cut), 1);
    const other = block.slice();
    makeUpright(block);
    assert.equal(readOrientation(block), 1);
    const changed = [...block.keys()].filter((i) => block[i] !== other[i]);
    assert.equal(changed.length, 1);
  }
  assert.equal(readOrientation(new Uint8Array(3)), 1);
  assert.equal(readOrientation(null), 1);
});
