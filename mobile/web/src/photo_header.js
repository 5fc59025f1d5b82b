/**
 * @file What a picture file tells before it is decoded: its kind and size, so
 * that one made to fill the memory is refused first, and its metadata.
 */

import { concat } from "./bytes.js";
import { PhotoError } from "./errors.js";
import { readGif } from "./gif_header.js";
import { heifType, readHeif } from "./heif_header.js";
import { PNG_SIGNATURE } from "./png_chunks.js";

const JPEG = { SOI: 0xd8, EOI: 0xd9, SOS: 0xda, APP1: 0xe1, APP2: 0xe2 };
/** What the JPEG segments of an EXIF block and a profile begin with. */
export const EXIF = "Exif\0\0";
export const PROFILE = "ICC_PROFILE\0";

/**
 * What `readHeader` tells.
 *
 * @typedef {object} PhotoHeader
 * @property {string} type MIME type.
 * @property {number} width Before any rotation.
 * @property {number} height
 * @property {number} [components] Colours of a JPEG.
 * @property {boolean} [animated] Whether it holds several pictures.
 * @property {number} [frames] Pictures in a GIF.
 * @property {?Uint8Array} [exif] EXIF block, from its TIFF header on.
 * @property {?Uint8Array} [profile] ICC profile.
 */

/**
 * Reads the header of a PNG, JPEG, WebP, AVIF, HEIC, GIF or BMP file.
 *
 * @param {Uint8Array} bytes
 * @return {PhotoHeader}
 * @throws {PhotoError} If it is none of them, or is damaged or ends early.
 */
export function readHeader(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (PNG_SIGNATURE.every((byte, i) => bytes[i] === byte)) {
      const [width, height] = [view.getUint32(16), view.getUint32(20)];
      return { type: "image/png", width, height };
    }
    if (bytes[0] === 0xff && bytes[1] === JPEG.SOI)
      return readJpeg(view, bytes);
    if (text(bytes, 0, 4) === "RIFF" && text(bytes, 8, 4) === "WEBP") {
      return readWebp(view, bytes);
    }
    if (/^GIF8[79]a$/.test(text(bytes, 0, 6))) return whole(readGif(view));
    if (heifType(view)) return whole(readHeif(view));
    if (text(bytes, 0, 2) === "BM") return readBmp(view);
  } catch (error) {
    if (error instanceof RangeError) throw damaged();
    throw error;
  }
  throw new PhotoError(
    "The file is not a picture that this page reads; choose a PNG, JPEG, " +
      "WebP, AVIF, GIF or BMP file.",
  );
}

function readJpeg(view, bytes) {
  const header = { type: "image/jpeg", exif: null, profile: null };
  const profile = [];
  let at = 2;
  for (;;) {
    if (view.getUint8(at) !== 0xff) throw damaged();
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at++;
      continue;
    }
    const stop = at + 2 + view.getUint16(at + 2);
    const data = bytes.subarray(at + 4, stop);
    if (
      marker >= 0xc0 &&
      marker <= 0xcf &&
      ![0xc4, 0xc8, 0xcc].includes(marker)
    ) {
      header.height = view.getUint16(at + 5);
      header.width = view.getUint16(at + 7);
      header.components = view.getUint8(at + 9);
    } else if (marker === JPEG.APP1 && text(data, 0, 6) === EXIF) {
      header.exif ??= data.subarray(EXIF.length);
    } else if (marker === JPEG.APP2 && text(data, 0, 12) === PROFILE) {
      // Its number, how many there are, and a part of the profile.
      profile[data[12]] = data.subarray(14);
    } else if (marker === JPEG.SOS) {
      if (!header.width || !header.height || !hasEnd(bytes, stop)) {
        throw damaged();
      }
      if (profile.length) header.profile = concat(profile.filter(Boolean));
      return header;
    }
    at = stop;
  }
}

/** Whether the picture is ended, which decoders do not insist on. */
function hasEnd(bytes, start) {
  for (let at = bytes.indexOf(0xff, start); at >= 0;) {
    if (bytes[at + 1] === JPEG.EOI) return true;
    at = bytes.indexOf(0xff, at + 1);
  }
  return false;
}

function readWebp(view, bytes) {
  const header = { type: "image/webp", exif: null, profile: null };
  const end = 8 + view.getUint32(4, true);
  if (end > bytes.length + 1) throw damaged();
  for (let at = 12; at + 8 <= Math.min(end, bytes.length);) {
    const type = text(bytes, at, 4);
    const size = view.getUint32(at + 4, true);
    const start = at + 8;
    const data = bytes.subarray(start, start + size);
    if (type === "VP8X") {
      header.animated = (data[0] & 2) !== 0;
      header.width = 1 + (view.getUint32(start + 4, true) & 0xffffff);
      header.height = 1 + (view.getUint32(start + 6, true) >>> 8);
    } else if (type === "VP8 ") {
      header.width ??= view.getUint16(start + 6, true) & 0x3fff;
      header.height ??= view.getUint16(start + 8, true) & 0x3fff;
    } else if (type === "VP8L") {
      const sides = view.getUint32(start + 1, true);
      header.width ??= 1 + (sides & 0x3fff);
      header.height ??= 1 + ((sides >>> 14) & 0x3fff);
    } else if (type === "ICCP") {
      header.profile = data;
    } else if (type === "EXIF") {
      const prefixed = text(data, 0, 6) === EXIF;
      header.exif = prefixed ? data.subarray(EXIF.length) : data;
    }
    at = start + size + (size & 1);
  }
  if (!header.width || !header.height) throw damaged();
  return header;
}

function readBmp(view) {
  const old = view.getUint32(14, true) === 12;
  const width = old ? view.getUint16(18, true) : view.getInt32(18, true);
  const height = old ? view.getUint16(20, true) : view.getInt32(22, true);
  if (width <= 0 || height === 0) throw damaged();
  const packed = !old && [1, 2, 4, 5].includes(view.getUint32(30, true));
  const bits = view.getUint16(old ? 24 : 28, true);
  const line = Math.ceil((width * bits) / 32) * 4;
  const end = view.getUint32(10, true) + line * Math.abs(height);
  if (!packed && end > view.byteLength) throw damaged();
  return { type: "image/bmp", width, height: Math.abs(height) };
}

function text(bytes, start, length) {
  return String.fromCharCode(...bytes.subarray(start, start + length));
}

function whole(header) {
  if (!header) throw damaged();
  return header;
}

function damaged() {
  return new PhotoError("The picture is damaged; copy the file again.");
}
