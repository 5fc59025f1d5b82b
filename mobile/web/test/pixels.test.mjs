import assert from "node:assert/strict";
import { test } from "node:test";

import { makeUpright, readOrientation } from "../src/exif.js";
import { orient } from "../src/orientation.js";
import { FLOAT_OF_BYTE, meanOfThree, toByte } from "../src/pixels.js";
import { Restoration } from "../src/restoration.js";
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
        scale: 1,
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
    const restoration = new Restoration(restorer, photo);
    const found = await restoration.restore(strength);
    assert.deepEqual([...found], result);
    assert.equal(answers.length, 0);
  }
});

const SMALL = {
  channels: 1,
  scale: 1,
  tile: [8, 8],
  halo: 2,
  receptive_field: 5,
  size_multiple: 1,
  sigma_input: false,
};

test("another strength is a blend, without another run", async () => {
  let runs = 0;
  const restorer = new Restorer(SMALL, (tile) => {
    runs++;
    return tile.map((value) => 0.3 * value + 0.123456);
  });
  const pixels = Uint8Array.from({ length: 35 }, (_, i) => 7 * i);
  const photo = { pixels, height: 5, width: 7, channels: 1 };
  const kept = new Restoration(restorer, photo);
  const again = (strength) =>
    new Restoration(restorer, photo).restore(strength);
  const steps = [];
  const progress = (done, total) => steps.push(`${done}/${total}`);
  await kept.restore(1, { progress });
  assert.equal(steps.at(-1), "4/4");
  for (const strength of [0, 0.35, 1]) {
    runs = 0;
    const found = await kept.restore(strength, { progress });
    assert.equal(runs, 0, strength);
    assert.deepEqual(found, await again(strength));
  }
  assert.deepEqual(await kept.restore(0), pixels);
  // Above 1 only the second pass is missing, and it stays too.
  for (const [strength, wanted] of [
    [1.5, 4],
    [1.7, 0],
    [0.4, 0],
  ]) {
    runs = 0;
    const found = await kept.restore(strength);
    assert.equal(runs, wanted, strength);
    assert.deepEqual(found, await again(strength));
  }
  // Photos too large for float32 are within a step.
  const large = new Restoration(restorer, photo, { mostValues: 34 });
  for (const strength of [0.35, 1, 1.5]) {
    const found = await large.restore(strength);
    const exact = await kept.restore(strength);
    assert.ok(found.every((byte, i) => Math.abs(byte - exact[i]) <= 1));
  }
});

test("finished parts are shown at the strength that was set", async () => {
  const restorer = new Restorer(SMALL, (tile) => tile.map((one) => one / 2));
  const pixels = Uint8Array.from({ length: 35 }, (_, i) => 7 * i);
  const photo = { pixels, height: 5, width: 7, channels: 1 };
  for (const strength of [0.5, 1, 1.5]) {
    const shown = new Uint8Array(35);
    const show = ({ top, left, height, width, pixels: part }) => {
      for (let y = 0; y < height; y++) {
        const line = part.subarray(y * width, (y + 1) * width);
        shown.set(line, (top + y) * 7 + left);
      }
    };
    const restoration = new Restoration(restorer, photo);
    const around = { left: 6, top: 4, width: 1, height: 1 };
    const found = await restoration.restore(strength, { around, show });
    assert.deepEqual(shown, found);
  }
});

test("the model is told the noise level", async () => {
  const told = [];
  const restorer = new Restorer(
    { ...SMALL, sigma_input: true },
    (tile, sigma) => (told.push(sigma), tile),
  );
  const pixels = new Uint8Array(35);
  const photo = { pixels, height: 5, width: 7, channels: 1 };
  await new Restoration(restorer, photo, { sigma: 30 }).restore(1);
  assert.deepEqual(told, [30, 30, 30, 30]);
});

test("gray and colour are fitted to the model", async () => {
  const sidecar = {
    scale: 1,
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
  const one = await new Restoration(color, gray).restore(1, { progress });
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
  const three = await new Restoration(plain, photo).restore(1);
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
