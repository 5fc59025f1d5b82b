/**
 * @file A PNG decoder of our own, as no browser gives the bytes of a PNG: a
 * canvas multiplies colours by the opacity and rounds, takes 16 bits down to
 * 8 in its own way and makes gray to RGB without a word.
 */

import { PhotoError } from "./errors.js";
import { readChunks } from "./png_chunks.js";
import { unfilter } from "./png_filters.js";

const GRAY = 0;
const RGB = 2;
const PALETTE = 3;
const GRAY_ALPHA = 4;
const RGB_ALPHA = 6;
// Samples of a pixel and the bits that they may have, by colour type.
const KINDS = {
  [GRAY]: { samples: 1, depths: [1, 2, 4, 8, 16] },
  [RGB]: { samples: 3, depths: [8, 16] },
  [PALETTE]: { samples: 1, depths: [1, 2, 4, 8] },
  [GRAY_ALPHA]: { samples: 2, depths: [8, 16] },
  [RGB_ALPHA]: { samples: 4, depths: [8, 16] },
};
// First column and row of each of Adam7's images, and the steps between.
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];
// What says how the colours are meant and is right for the result as well.
const KEPT = ["iCCP", "sRGB", "gAMA", "cHRM", "cICP", "pHYs"];

/**
 * Decodes a PNG file.
 *
 * @param {Uint8Array} bytes
 * @return {Promise<object>} `width`, `height`, `channels` (1 or 3),
 *     `pixels`, `alpha` (one byte a pixel, or null), `depth` in bits,
 *     `chunks` that describe the colours, and the `exif` block or null.
 * @throws {PhotoError} If the file is damaged or an animation.
 */
export async function readPng(bytes) {
  const parts = [];
  const chunks = [];
  const tables = {};
  let exif = null;
  let header;
  for (const { type, data } of readChunks(bytes)) {
    // First and once: what was checked before is what is decoded.
    if ((type === "IHDR") === Boolean(header)) throw damaged();
    if (type === "IHDR") header = readHeader(data);
    else if (type === "IDAT") parts.push(data);
    else if (type === "PLTE" || type === "tRNS") tables[type] = data;
    else if (type === "eXIf") exif = data;
    else if (type === "acTL") {
      throw new PhotoError(
        "The file holds several pictures; save the one that is wanted as a " +
          "file of its own.",
      );
    } else if (KEPT.includes(type)) chunks.push({ type, data });
  }
  if (header.color === PALETTE && !tables.PLTE) throw damaged();
  const photo = await decode(header, parts, makePainter(header, tables));
  return { ...photo, depth: header.depth, chunks, exif };
}

function readHeader(data) {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (data.length !== 13) throw damaged();
  const header = {
    width: view.getUint32(0),
    height: view.getUint32(4),
    depth: data[8],
    color: data[9],
    interlaced: data[12],
  };
  const sound =
    header.width > 0 &&
    header.height > 0 &&
    KINDS[header.color]?.depths.includes(header.depth) &&
    data[10] === 0 &&
    data[11] === 0 &&
    header.interlaced <= 1;
  if (!sound) throw damaged();
  return header;
}

async function decode(header, parts, painter) {
  const { width, height, depth, color } = header;
  const bits = depth * KINDS[color].samples;
  const step = Math.max(1, bits >> 3);
  const lines = new LineReader(parts);
  try {
    for (const [left, top, dx, dy] of header.interlaced
      ? ADAM7
      : [[0, 0, 1, 1]]) {
      const count = Math.ceil((width - left) / dx);
      if (count < 1) continue;
      let above = new Uint8Array(Math.ceil((count * bits) / 8));
      let line = new Uint8Array(above.length);
      for (let y = top; y < height; y += dy) {
        const filter = await lines.read(line);
        if (!unfilter(filter, line, above, step)) throw damaged();
        painter.paint(line, y * width + left, dx, count);
        [line, above] = [above, line];
      }
    }
  } finally {
    await lines.close();
  }
  const { channels, pixels, alpha } = painter;
  return { width, height, channels, pixels, alpha };
}

/** Gives the packed image line by line, so that it never lies unpacked. */
class LineReader {
  constructor(parts) {
    const unpacked = new Blob(parts)
      .stream()
      .pipeThrough(new DecompressionStream("deflate"));
    this.reader = unpacked.getReader();
    this.block = new Uint8Array(0);
    this.used = 0;
  }

  /** Fills a line and returns the number of its filter. */
  async read(line) {
    if (this.used === this.block.length) await this.#next();
    const filter = this.block[this.used++];
    for (let filled = 0; filled < line.length;) {
      if (this.used === this.block.length) await this.#next();
      const stop = this.used + line.length - filled;
      const piece = this.block.subarray(this.used, stop);
      line.set(piece, filled);
      filled += piece.length;
      this.used += piece.length;
    }
    return filter;
  }

  async #next() {
    let result;
    try {
      result = await this.reader.read();
    } catch {
      throw damaged();
    }
    if (result.done) throw damaged();
    this.block = result.value;
    this.used = 0;
  }

  async close() {
    await this.reader.cancel().catch(() => {});
  }
}

/** Puts lines of samples into pixels of 8 bits. */
function makePainter({ width, height, depth, color }, { PLTE, tRNS }) {
  const { samples } = KINDS[color];
  const channels = color === GRAY || color === GRAY_ALPHA ? 1 : 3;
  const area = width * height;
  const pixels = new Uint8Array(area * channels);
  const hasAlpha = color === GRAY_ALPHA || color === RGB_ALPHA || tRNS;
  const alpha = hasAlpha ? new Uint8Array(area).fill(255) : null;
  const toByte = byteOfSample(depth);

  function paint(line, first, dx, count) {
    const values = unpack(line, depth, count * samples);
    for (let i = 0, at = first; i < count; i++, at += dx) {
      if (color === PALETTE) {
        const entry = values[i];
        if (3 * entry + 3 > PLTE.length) throw damaged();
        for (let c = 0; c < 3; c++) pixels[3 * at + c] = PLTE[3 * entry + c];
        if (alpha && entry < tRNS.length) alpha[at] = tRNS[entry];
        continue;
      }
      for (let c = 0; c < channels; c++) {
        pixels[at * channels + c] = toByte(values[i * samples + c]);
      }
      if (samples > channels) {
        alpha[at] = toByte(values[i * samples + channels]);
      } else if (alpha && isKey(values, i * samples, tRNS, channels)) {
        alpha[at] = 0;
      }
    }
  }
  return { paint, channels, pixels, alpha };
}

/** Whether a pixel has the one colour that is see-through. */
function isKey(values, at, key, channels) {
  for (let c = 0; c < channels; c++) {
    if (values[at + c] !== ((key[2 * c] << 8) | key[2 * c + 1])) return false;
  }
  return true;
}

function byteOfSample(depth) {
  if (depth === 16) return (value) => (value * 255 + 32895) >> 16;
  const white = 2 ** depth - 1;
  return depth === 8 ? (value) => value : (value) => (value * 255) / white;
}

function unpack(line, depth, count) {
  if (depth === 8) return line;
  if (depth === 16) {
    return new Uint16Array(count).map(
      (_, i) => (line[2 * i] << 8) | line[2 * i + 1],
    );
  }
  const perByte = 8 / depth;
  return new Uint8Array(count).map((_, i) => {
    const shift = 8 - depth - (i % perByte) * depth;
    return (line[Math.floor(i / perByte)] >> shift) & (2 ** depth - 1);
  });
}

function damaged() {
  return new PhotoError("The picture is damaged; copy the file again.");
}
