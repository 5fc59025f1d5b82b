import assert from "node:assert/strict";
import { test } from "node:test";

import { packProfile, unpackProfile } from "../src/color_profile.js";
import { fitsJpeg, jpegWith, webpWith } from "../src/metadata.js";
import { readHeader } from "../src/photo_header.js";

const exif = Uint8Array.from({ length: 101 }, (_, i) => i);
// Of two segments.
const profile = Uint8Array.from({ length: 70_001 }, (_, i) => i % 251);

const bytesOf = async (blob) => new Uint8Array(await blob.arrayBuffer());

function jpeg(jfif) {
  const start = jfif ? [0xff, 0xe0, 0, 7, 0x4a, 0x46, 0x49, 0x46, 0] : [];
  const frame = [0xff, 0xc0, 0, 9, 8, 0, 5, 0, 7, 3, 0];
  const scan = [0xff, 0xda, 0, 3, 0, 1, 2, 3, 0xff, 0xd9];
  return Uint8Array.of(0xff, 0xd8, ...start, ...frame, ...scan);
}

test("EXIF block and profile go into a JPEG and are read again", async () => {
  for (const jfif of [true, false]) {
    const blob = jpegWith(jpeg(jfif), { exif, profile });
    assert.equal(blob.type, "image/jpeg");
    const bytes = await bytesOf(blob);
    assert.equal(bytes[3], jfif ? 0xe0 : 0xe1);
    const header = readHeader(bytes);
    assert.deepEqual([header.width, header.height], [7, 5]);
    assert.deepEqual(header.exif, exif);
    assert.deepEqual(header.profile, profile);
  }
  const plain = await bytesOf(
    jpegWith(jpeg(true), { exif: null, profile: null }),
  );
  assert.deepEqual(plain, jpeg(true));
  assert.equal(fitsJpeg(new Uint8Array(65_527)), true);
  assert.equal(fitsJpeg(new Uint8Array(65_528)), false);
});

function webp(...chunks) {
  const body = chunks.flatMap(([type, data]) => [
    ...Buffer.from(type),
    ...[data.length, 0, 0, 0],
    ...data,
    ...(data.length % 2 ? [0] : []),
  ]);
  const size = [body.length + 4, 0, 0, 0];
  return Uint8Array.from([
    ...Buffer.from("RIFF"),
    ...size,
    ...Buffer.from("WEBP"),
    ...body,
  ]);
}

test("what a file has already is replaced", async () => {
  const other = { exif: Uint8Array.of(9), profile: Uint8Array.of(8) };
  const bytes = await bytesOf(jpegWith(jpeg(true), other));
  assert.deepEqual(
    await bytesOf(jpegWith(bytes, { exif, profile })),
    await bytesOf(jpegWith(jpeg(true), { exif, profile })),
  );
  const lossless = webp(["VP8L", [0x2f, 0, 0, 0, 0]]);
  const size = { width: 1, height: 1 };
  const labelled = await bytesOf(webpWith(lossless, other, size));
  assert.deepEqual(
    await bytesOf(webpWith(labelled, { exif, profile }, size)),
    await bytesOf(webpWith(lossless, { exif, profile }, size)),
  );
});

test("EXIF block and profile go into a WebP and are read again", async () => {
  const lossy = ["VP8 ", [1, 2, 3, 0x9d, 1, 0x2a, 9, 0, 9, 0, 5]];
  const size = { width: 70_001, height: 66_000 };
  for (const [chunks, flags] of [
    [[lossy], 0x28],
    [[["VP8X", Array(10).fill(0)], ["ALPH", [4]], lossy], 0x38],
  ]) {
    const blob = webpWith(webp(...chunks), { exif, profile }, size);
    const bytes = await bytesOf(blob);
    assert.equal(bytes[20], flags);
    const header = readHeader(bytes);
    assert.deepEqual([header.width, header.height], [70_001, 66_000]);
    assert.deepEqual(header.exif, exif);
    assert.deepEqual(header.profile, profile);
    assert.equal(bytes.length % 2, 0);
  }
});

test("profiles are unpacked, and broken ones are none", async () => {
  const packed = await packProfile(profile);
  assert.deepEqual(await unpackProfile(packed), profile);
  assert.equal(await unpackProfile(packed.subarray(0, 40)), null);
  assert.equal(await unpackProfile(new Uint8Array(3)), null);
  const bomb = await packProfile(new Uint8Array(2 ** 23 + 1));
  assert.equal(await unpackProfile(bomb), null);
});
