import assert from "node:assert/strict";
import { test } from "node:test";

import { PhotoError } from "../src/errors.js";
import { readHeader } from "../src/photo_header.js";

const latin = (text) => [...text].map((letter) => letter.charCodeAt(0));
const big16 = (value) => [value >> 8, value & 255];
const little32 = (value) =>
  [0, 8, 16, 24].map((shift) => (value >> shift) & 255);

function segment(marker, data) {
  return [0xff, marker, ...big16(data.length + 2), ...data];
}

function jpeg(...segments) {
  const start = segment(0xda, [1, 1, 0, 0, 63, 0]);
  return Uint8Array.from([
    0xff,
    0xd8,
    ...segments.flat(),
    ...start,
    1,
    2,
    0xff,
    0xd9,
  ]);
}

const frame = (height, width, components) =>
  segment(0xc2, [8, ...big16(height), ...big16(width), components]);

test("JPEG: size, colours, EXIF block and a profile in parts", () => {
  const bytes = jpeg(
    segment(0xe1, [...latin("Exif\0\0"), 1, 2, 3]),
    segment(0xe2, [...latin("ICC_PROFILE\0"), 2, 2, 30, 40]),
    segment(0xe2, [...latin("ICC_PROFILE\0"), 1, 2, 10, 20]),
    // A second EXIF-like segment, as of a thumbnail, is not the photo's.
    segment(0xe1, [...latin("Exif\0\0"), 9]),
    frame(500, 700, 4),
  );
  const header = readHeader(bytes);
  assert.equal(header.type, "image/jpeg");
  assert.deepEqual([header.width, header.height], [700, 500]);
  assert.equal(header.components, 4);
  assert.deepEqual([...header.exif], [1, 2, 3]);
  assert.deepEqual([...header.profile], [10, 20, 30, 40]);
});

test("JPEG: cut anywhere, it is damaged", () => {
  // The thumbnail has an end of its own.
  const bytes = jpeg(
    segment(0xe1, [...latin("thumb"), 0xff, 0xd9]),
    frame(5, 7, 3),
  );
  assert.equal(readHeader(bytes).width, 7);
  assert.equal(readHeader(Uint8Array.from([...bytes, 0, 0, 0])).width, 7);
  for (let length = 2; length < bytes.length; length++) {
    assert.throws(() => readHeader(bytes.subarray(0, length)), PhotoError);
  }
  assert.throws(() => readHeader(jpeg()), PhotoError);
});

function webp(...chunks) {
  const body = chunks.flatMap(([type, data]) => [
    ...latin(type),
    ...little32(data.length),
    ...data,
    ...(data.length % 2 ? [0] : []),
  ]);
  const head = [
    ...latin("RIFF"),
    ...little32(body.length + 4),
    ...latin("WEBP"),
  ];
  return Uint8Array.from([...head, ...body]);
}

test("WebP: lossy, lossless, extended, animated, cut", () => {
  const lossy = readHeader(
    webp(["VP8 ", [0, 0, 0, 0x9d, 1, 0x2a, 0x2c, 0x01, 0xc8, 0x40]]),
  );
  assert.deepEqual([lossy.width, lossy.height], [300, 200]);
  const sides = (300 - 1) | ((200 - 1) << 14);
  const lossless = readHeader(webp(["VP8L", [0x2f, ...little32(sides)]]));
  assert.deepEqual([lossless.width, lossless.height], [300, 200]);

  const extended = webp(
    ["VP8X", [2, 0, 0, 0, 0x70, 0x11, 0x01, 0x0f, 0x27, 0x00]],
    ["ICCP", [5, 6, 7]],
    ["EXIF", [1, 2]],
  );
  const header = readHeader(extended);
  assert.deepEqual([header.width, header.height], [70_001, 10_000]);
  assert.equal(header.animated, true);
  assert.deepEqual([...header.profile], [5, 6, 7]);
  assert.deepEqual([...header.exif], [1, 2]);
  assert.throws(() => readHeader(extended.subarray(0, 40)), PhotoError);
  assert.throws(() => readHeader(webp()), PhotoError);
});

test("BMP: also from bottom to top, and cut", () => {
  const bytes = new Uint8Array(54 + 8 * 3);
  const view = new DataView(bytes.buffer);
  bytes.set(latin("BM"));
  view.setUint32(10, 54, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, 2, true);
  view.setInt32(22, -3, true);
  view.setUint16(28, 24, true);
  const header = readHeader(bytes);
  assert.deepEqual([header.width, header.height], [2, 3]);
  assert.throws(() => readHeader(bytes.subarray(0, 60)), PhotoError);
  assert.throws(() => readHeader(bytes.subarray(0, 20)), PhotoError);
});

test("GIF: its pictures are counted, and cut it is damaged", () => {
  const image = [0x2c, 0, 0, 0, 0, 9, 0, 5, 0, 0x80, ...Array(6).fill(7)];
  const comment = [0x21, 0xfe, 2, 65, 66, 0];
  const screen = [...latin("GIF89a"), 9, 0, 5, 0, 0x81, 0, 0];
  const start = [...screen, ...Array(12).fill(1), ...comment];
  // One block of three bytes, one of a byte that is not the end.
  const data = [2, 3, 1, 2, 3, 1, 0x3b, 0];
  const bytes = [...start, ...image, ...data];
  const one = readHeader(Uint8Array.from([...bytes, 0x3b]));
  assert.deepEqual(one, {
    type: "image/gif",
    width: 9,
    height: 5,
    frames: 1,
  });
  const second = bytes.slice(start.length);
  const two = Uint8Array.from([...bytes, ...second, 0x3b]);
  assert.equal(readHeader(two).frames, 2);
  for (let length = 6; length < two.length; length++) {
    assert.throws(() => readHeader(two.subarray(0, length)), PhotoError);
  }
  const none = Uint8Array.from([...start, 0x3b]);
  assert.throws(() => readHeader(none), PhotoError);
});

const big32 = (value) => [24, 16, 8, 0].map((shift) => (value >> shift) & 255);
const box = (type, ...data) => {
  const body = data.flat();
  return [...big32(body.length + 8), ...latin(type), ...body];
};

test("AVIF and HEIC: the size is that of the largest picture", () => {
  const size = (width, height) =>
    box("ispe", big32(0), big32(width), big32(height));
  for (const [brands, type] of [
    [["avif"], "image/avif"],
    [["mif1", "miaf", "heic"], "image/heic"],
  ]) {
    const [main, ...others] = brands;
    const bytes = Uint8Array.from([
      ...box("ftyp", latin(main), big32(0), ...others.map(latin)),
      ...box(
        "meta",
        big32(0),
        box("hdlr", big32(0)),
        box("iprp", box("ipco", size(512, 512), size(4000, 3000))),
      ),
      // Sixty-four bits of length.
      ...[...big32(1), ...latin("mdat"), ...big32(0), ...big32(20), 1, 2, 3, 4],
    ]);
    const header = readHeader(bytes);
    assert.equal(header.type, type);
    assert.deepEqual([header.width, header.height], [4000, 3000]);
    for (const length of [60, 100, bytes.length - 1]) {
      assert.throws(() => readHeader(bytes.subarray(0, length)), PhotoError);
    }
  }
  const video = Uint8Array.from(box("ftyp", latin("isom"), big32(0)));
  assert.throws(() => readHeader(video), /not a picture/);
});

test("what is no picture is told so", () => {
  for (const text of ["", "Hello", "GIF80a", "RIFF____WAVE", "<svg/>"]) {
    assert.throws(
      () => readHeader(Uint8Array.from(latin(text))),
      /not a picture/,
    );
  }
});
