/**
 * @file A PNG encoder of our own: a canvas would multiply colours by the
 * opacity, write gray as RGB and lose the colour profile.
 */

import { PNG_SIGNATURE, makeChunk } from "./png_chunks.js";
import { filterPaeth } from "./png_filters.js";

// Lines that are packed at once.
const BAND = 64;
const COLOR_TYPES = { 1: 0, 2: 4, 3: 2, 4: 6 };

/**
 * Encodes a picture as PNG.
 *
 * @param {object} picture
 * @param {number} picture.width
 * @param {number} picture.height
 * @param {number} picture.channels 1 or 3.
 * @param {Uint8Array} picture.pixels
 * @param {?Uint8Array} picture.alpha One byte a pixel, or null.
 * @param {{type: string, data: Uint8Array}[]} picture.chunks Chunks that go
 *     before the pixels.
 * @return {Promise<Blob>}
 */
export async function writePng(picture) {
  const { width, height, channels, alpha, chunks } = picture;
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, COLOR_TYPES[channels + (alpha ? 1 : 0)]], 8);
  const parts = [
    Uint8Array.from(PNG_SIGNATURE),
    makeChunk("IHDR", header),
    ...chunks.map(({ type, data }) => makeChunk(type, data)),
  ];
  const packed = filteredBands(picture).pipeThrough(
    new CompressionStream("deflate"),
  );
  const reader = packed.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(makeChunk("IDAT", value));
  }
  parts.push(makeChunk("IEND", new Uint8Array(0)));
  return new Blob(parts, { type: "image/png" });
}

function filteredBands(picture) {
  const { width, height, channels, alpha } = picture;
  const samples = channels + (alpha ? 1 : 0);
  let above = new Uint8Array(width * samples);
  let line = new Uint8Array(width * samples);
  let top = 0;
  return new ReadableStream({
    pull(controller) {
      const stop = Math.min(top + BAND, height);
      const band = new Uint8Array((stop - top) * (line.length + 1));
      for (let y = top, at = 0; y < stop; y++, at += line.length + 1) {
        copyLine(picture, y, line, samples);
        filterPaeth(line, above, samples, band.subarray(at));
        [line, above] = [above, line];
      }
      controller.enqueue(band);
      top = stop;
      if (top === height) controller.close();
    },
  });
}

function copyLine({ width, channels, pixels, alpha }, y, line, samples) {
  if (!alpha) {
    line.set(pixels.subarray(y * line.length, (y + 1) * line.length));
    return;
  }
  for (let x = 0; x < width; x++) {
    const at = y * width + x;
    for (let c = 0; c < channels; c++) {
      line[x * samples + c] = pixels[at * channels + c];
    }
    line[x * samples + channels] = alpha[at];
  }
}
