import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { deflateSync } from "node:zlib";

import { PhotoError } from "../src/errors.js";
import { PNG_SIGNATURE, makeChunk } from "../src/png_chunks.js";
import { readPng } from "../src/png_reader.js";
import { writePng } from "../src/png_writer.js";
import { GOLDENS } from "./goldens.mjs";

/** A PNG of lines that are filtered and packed already. */
function makePng(
  { width, height, depth, color, interlaced = 0 },
  lines,
  more = [],
) {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([depth, color, 0, 0, interlaced], 8);
  const chunks = [
    ["IHDR", header],
    ...more,
    ["IDAT", deflateSync(Uint8Array.from(lines.flat()))],
    ["IEND", new Uint8Array(0)],
  ];
  return Buffer.concat([
    Uint8Array.from(PNG_SIGNATURE),
    ...chunks.map(([type, data]) => makeChunk(type, data)),
  ]);
}

test("every filter is taken off", async () => {
  const header = { width: 3, height: 5, depth: 8, color: 0 };
  const lines = [
    [0, 10, 20, 40],
    [1, 5, 250, 3],
    [2, 1, 1, 255],
    [3, 10, 10, 10],
    [4, 1, 2, 3],
  ];
  const { pixels, channels, alpha } = await readPng(makePng(header, lines));
  assert.equal(channels, 1);
  assert.equal(alpha, null);
  assert.deepEqual(
    [...pixels],
    [10, 20, 40, 5, 255, 2, 6, 0, 1, 13, 16, 18, 14, 18, 21],
  );
});

test("bits are stretched to bytes", async () => {
  for (const [depth, line, wanted] of [
    [1, [0b10110000], [255, 0, 255, 255]],
    [2, [0b00011011], [0, 85, 170, 255]],
    [4, [0x01, 0x8f], [0, 17, 136, 255]],
    [16, [0, 0, 0, 128, 0, 129, 255, 255], [0, 0, 1, 255]],
  ]) {
    const header = { width: 4, height: 1, depth, color: 0 };
    const { pixels } = await readPng(makePng(header, [[0, ...line]]));
    assert.deepEqual([...pixels], wanted, `${depth} bits`);
  }
});

test("palettes and colours that are see-through", async () => {
  const palette = makePng(
    { width: 3, height: 1, depth: 2, color: 3 },
    [[0, 0b00011000]],
    [
      ["PLTE", Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9)],
      ["tRNS", Uint8Array.of(9, 0)],
    ],
  );
  const one = await readPng(palette);
  assert.deepEqual([...one.pixels], [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.deepEqual([...one.alpha], [9, 0, 255]);

  const keyed = makePng(
    { width: 2, height: 1, depth: 8, color: 2 },
    [[0, 1, 2, 3, 1, 2, 4]],
    [["tRNS", Uint8Array.of(0, 1, 0, 2, 0, 4)]],
  );
  const two = await readPng(keyed);
  assert.deepEqual([...two.alpha], [255, 0]);

  const short = makePng(
    { width: 1, height: 1, depth: 8, color: 3 },
    [[0, 3]],
    [["PLTE", Uint8Array.of(1, 2, 3)]],
  );
  await assert.rejects(readPng(short), PhotoError);
});

test("interlaced images, however small", async () => {
  for (const [width, height] of [
    [1, 1],
    [2, 3],
    [5, 5],
    [9, 10],
    [16, 8],
  ]) {
    const value = (y, x) => (31 * y + 7 * x) % 256;
    const lines = [];
    for (const [left, top, dx, dy] of [
      [0, 0, 8, 8],
      [4, 0, 8, 8],
      [0, 4, 4, 8],
      [2, 0, 4, 4],
      [0, 2, 2, 4],
      [1, 0, 2, 2],
      [0, 1, 1, 2],
    ]) {
      for (let y = top; y < height && left < width; y += dy) {
        const line = [0];
        for (let x = left; x < width; x += dx) line.push(value(y, x));
        lines.push(line);
      }
    }
    const header = { width, height, depth: 8, color: 0, interlaced: 1 };
    const { pixels } = await readPng(makePng(header, lines));
    const wanted = Array.from({ length: width * height }, (_, i) =>
      value(Math.floor(i / width), i % width),
    );
    assert.deepEqual([...pixels], wanted, `${width}x${height}`);
  }
});

test("what is written is read again, gray and colour, with alpha or not", async () => {
  const random = (length) =>
    Uint8Array.from({ length }, (_, i) => (i * 7919 + (i >> 3) * 104729) >> 4);
  for (const channels of [1, 3]) {
    for (const opaque of [true, false]) {
      const [width, height] = [37, 131];
      const picture = {
        width,
        height,
        channels,
        pixels: random(width * height * channels),
        alpha: opaque ? null : random(width * height),
        chunks: [{ type: "gAMA", data: Uint8Array.of(0, 0, 177, 143) }],
      };
      const blob = await writePng(picture);
      const found = await readPng(new Uint8Array(await blob.arrayBuffer()));
      assert.deepEqual(found, { ...picture, depth: 8, exif: null });
    }
  }
});

test("damage is told, wherever it is", async () => {
  const whole = readFileSync(new URL("pixels/rgba_40x30.png", GOLDENS));
  assert.equal((await readPng(whole)).alpha.length, 1200);
  for (let at = 8; at < whole.length; at += 97) {
    const broken = Uint8Array.from(whole);
    broken[at] ^= 1;
    await assert.rejects(readPng(broken), PhotoError, `byte ${at}`);
    await assert.rejects(readPng(whole.subarray(0, at)), PhotoError);
  }
});

test("headers that make no sense, and lines that are missing", async () => {
  const sound = { width: 2, height: 2, depth: 8, color: 0 };
  for (const wrong of [
    { width: 0 },
    { depth: 3 },
    { color: 1 },
    { color: 2, depth: 4 },
    { interlaced: 2 },
    { color: 3 },
    { height: 3 },
  ]) {
    const png = makePng({ ...sound, ...wrong }, [
      [0, 1, 2],
      [0, 3, 4],
    ]);
    await assert.rejects(readPng(png), PhotoError, JSON.stringify(wrong));
  }
  const lines = [
    [0, 1, 2],
    [0, 3, 4],
  ];
  // A second header, and one that is not the first, could say another size.
  const twice = makePng(sound, lines, [["IHDR", new Uint8Array(13)]]);
  await assert.rejects(readPng(twice), PhotoError);
  const start = Buffer.from(PNG_SIGNATURE);
  const text = makeChunk("tEXt", new Uint8Array(13));
  const late = Buffer.concat([start, text, makePng(sound, lines).subarray(8)]);
  await assert.rejects(readPng(late), PhotoError);
  const filter = makePng(sound, [
    [0, 1, 2],
    [5, 3, 4],
  ]);
  await assert.rejects(readPng(filter), PhotoError);
  const moving = makePng(
    sound,
    [
      [0, 1, 2],
      [0, 3, 4],
    ],
    [["acTL", new Uint8Array(8)]],
  );
  await assert.rejects(readPng(moving), /several pictures/);
});
