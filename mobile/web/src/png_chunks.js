/** @file The chunks that a PNG file is made of. */

import { crc32 } from "./crc32.js";
import { PhotoError } from "./errors.js";

export const PNG_SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];

/**
 * The chunks of a PNG file, each compared with its checksum.
 *
 * @param {Uint8Array} bytes
 * @return {Generator<{type: string, data: Uint8Array}>}
 * @throws {PhotoError} If the file is damaged or ends early.
 */
export function* readChunks(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let start = PNG_SIGNATURE.length;
  while (start + 12 <= bytes.length) {
    const stop = start + 8 + view.getUint32(start);
    if (stop + 4 > bytes.length) break;
    if (crc32(bytes.subarray(start + 4, stop)) !== view.getUint32(stop)) break;
    const type = String.fromCharCode(...bytes.subarray(start + 4, start + 8));
    yield { type, data: bytes.subarray(start + 8, stop) };
    if (type === "IEND") return;
    start = stop + 4;
  }
  throw new PhotoError("The picture is damaged; copy the file again.");
}

/**
 * One chunk of a PNG file.
 *
 * @param {string} type Four letters.
 * @param {Uint8Array} data
 * @return {Uint8Array}
 */
export function makeChunk(type, data) {
  const chunk = new Uint8Array(data.length + 12);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) chunk[4 + i] = type.charCodeAt(i);
  chunk.set(data, 8);
  view.setUint32(data.length + 8, crc32(chunk.subarray(4, data.length + 8)));
  return chunk;
}
