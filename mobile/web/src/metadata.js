/**
 * @file Puts the EXIF block and the colour profile into a JPEG or WebP that a
 * canvas has written, which leaves them out or writes a profile of its own.
 */

import { concat } from "./bytes.js";
import { EXIF, PROFILE } from "./photo_header.js";

// A JPEG segment tells its length, two bytes of its own included, in 16 bits.
const MOST = 65533;
const REPLACED = ["VP8X", "ICCP", "EXIF"];
const FLAGS = { ICCP: 0x20, ALPH: 0x10, EXIF: 0x08 };

/**
 * @typedef {{exif: ?Uint8Array, profile: ?Uint8Array}} Metadata
 */

/**
 * Whether an EXIF block fits a JPEG.
 *
 * @param {Uint8Array} exif
 * @return {boolean}
 */
export function fitsJpeg(exif) {
  return exif.length + EXIF.length <= MOST;
}

/**
 * @param {Uint8Array} jpeg
 * @param {Metadata} metadata Instead of what the file has; the block has to
 *     fit.
 * @return {Blob}
 */
export function jpegWith(jpeg, { exif, profile }) {
  // After the JFIF segment, where there is one, comes what is added.
  const { jfif, others, rest } = segmentsOf(jpeg);
  const added = exif ? [segment(0xe1, [latin(EXIF), exif])] : [];
  const most = MOST - PROFILE.length - 2;
  const count = profile ? Math.ceil(profile.length / most) : 0;
  for (let i = 0; i < count && count < 256; i++) {
    const part = profile.subarray(i * most, (i + 1) * most);
    const number = Uint8Array.of(i + 1, count);
    added.push(segment(0xe2, [latin(PROFILE), number, part]));
  }
  return new Blob([jpeg.subarray(0, 2), ...jfif, ...added, ...others, rest], {
    type: "image/jpeg",
  });
}

/** The segments before the pixels, without EXIF block and profile. */
function segmentsOf(jpeg) {
  const found = { jfif: [], others: [] };
  let at = 2;
  while (jpeg[at + 1] >= 0xc0 && jpeg[at + 1] !== 0xda) {
    const stop = at + 2 + jpeg[at + 2] * 256 + jpeg[at + 3];
    const whole = jpeg.subarray(at, stop);
    if (jpeg[at + 1] === 0xe0) found.jfif.push(whole);
    else if (![0xe1, 0xe2].includes(jpeg[at + 1])) found.others.push(whole);
    at = stop;
  }
  return { ...found, rest: jpeg.subarray(at) };
}

function segment(marker, parts) {
  const length = parts.reduce((sum, part) => sum + part.length, 2);
  const head = Uint8Array.of(0xff, marker, length >> 8, length & 255);
  return concat([head, ...parts]);
}

/**
 * @param {Uint8Array} webp
 * @param {Metadata} metadata Instead of what the file has.
 * @param {{width: number, height: number}} size
 * @return {Blob}
 */
export function webpWith(webp, { exif, profile }, { width, height }) {
  const chunks = chunksOf(webp).filter(({ type }) => !REPLACED.includes(type));
  const lossless = chunks.some(({ type }) => type === "VP8L");
  const alpha = lossless || chunks.some(({ type }) => type === "ALPH");
  if (profile) chunks.unshift({ type: "ICCP", data: profile });
  if (exif) chunks.push({ type: "EXIF", data: exif });
  const head = new Uint8Array(10);
  const view = new DataView(head.buffer);
  head[0] =
    (profile ? FLAGS.ICCP : 0) |
    (alpha ? FLAGS.ALPH : 0) |
    (exif ? FLAGS.EXIF : 0);
  view.setUint32(4, width - 1, true);
  // Three bytes each: the second number lies over the zero of the first.
  view.setUint16(7, (height - 1) & 0xffff, true);
  head[9] = (height - 1) >> 16;
  chunks.unshift({ type: "VP8X", data: head });
  const body = concat([latin("WEBP"), ...chunks.map(packChunk)]);
  return new Blob([latin("RIFF"), little32(body.length), body], {
    type: "image/webp",
  });
}

function chunksOf(webp) {
  const view = new DataView(webp.buffer, webp.byteOffset, webp.byteLength);
  const chunks = [];
  for (let at = 12; at + 8 <= webp.length;) {
    const size = view.getUint32(at + 4, true);
    const type = String.fromCharCode(...webp.subarray(at, at + 4));
    chunks.push({ type, data: webp.subarray(at + 8, at + 8 + size) });
    at += 8 + size + (size & 1);
  }
  return chunks;
}

function packChunk({ type, data }) {
  const pad = new Uint8Array(data.length & 1);
  return concat([latin(type), little32(data.length), data, pad]);
}

function latin(text) {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function little32(value) {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
