/** @file Photos: bytes of a file in, pixels and all that describes them out. */

import { decodeWithBrowser } from "./browser_decoder.js";
import { packProfile } from "./color_profile.js";
import { PhotoError } from "./errors.js";
import { makeUpright, readOrientation } from "./exif.js";
import { orient } from "./orientation.js";
import { readHeader } from "./photo_header.js";
import { readPng } from "./png_reader.js";

/** Pixels of the largest picture that is taken. */
export const MAX_PIXELS = 64e6;
// Larger than any file of that many pixels has to be.
const MAX_BYTES = 2 ** 30;

/**
 * A photo, upright.
 *
 * @typedef {object} Photo
 * @property {number} width
 * @property {number} height
 * @property {number} channels 1 for gray, 3 for RGB.
 * @property {Uint8Array} pixels
 * @property {?Uint8Array} alpha One byte a pixel, or null.
 * @property {{type: string, data: Uint8Array}[]} chunks PNG chunks with the
 *     colour profile and the EXIF block.
 * @property {boolean} turned Whether browsers may show the file otherwise.
 * @property {string[]} notes What the result does not keep, in sentences.
 */

/**
 * Reads a picture file.
 *
 * @param {Blob} file
 * @return {Promise<Photo>}
 * @throws {PhotoError} If it is not one whole picture that can be restored.
 */
export async function readPhoto(file) {
  if (!file.size) {
    throw new PhotoError("The file is empty; choose another or copy it again.");
  }
  if (file.size > MAX_BYTES) {
    throw new PhotoError(
      "The file is larger than 1 GB; choose a smaller picture or cut it up.",
    );
  }
  const bytes = new Uint8Array(await readBytes(file));
  const header = readHeader(bytes);
  checkHeader(header);
  return header.type === "image/png"
    ? fromPng(await readPng(bytes))
    : fromBrowser(bytes, header);
}

async function readBytes(file) {
  try {
    return await file.arrayBuffer();
  } catch {
    throw new PhotoError(
      "The file cannot be read any more; choose it once again.",
    );
  }
}

/**
 * @param {{width: number, height: number}} photo
 * @param {number} scale By which it is to be enlarged.
 * @throws {PhotoError} If that is too much.
 */
export function checkEnlarged({ width, height }, scale) {
  if (width * height * scale ** 2 <= MAX_PIXELS) return;
  throw new PhotoError(
    `Enlarged, the picture would have ${width * scale} x ${height * scale} ` +
      `pixels, more than the ${MAX_PIXELS / 1e6} million that fit the ` +
      "memory of a browser; choose a model that keeps the size, or cut it up " +
      "first.",
  );
}

function checkHeader({ width, height, components, animated }) {
  if (width * height > MAX_PIXELS) {
    throw new PhotoError(
      `The picture has ${width} x ${height} pixels, more than the ` +
        `${MAX_PIXELS / 1e6} million that fit the memory of a browser; make ` +
        "it smaller or cut it up first.",
    );
  }
  if (components === 4) {
    throw new PhotoError(
      "The picture is in CMYK, for printing; convert it to RGB first.",
    );
  }
  if (animated) {
    throw new PhotoError(
      "The file holds several pictures; save the one that is wanted as a " +
        "file of its own.",
    );
  }
}

function fromPng(png) {
  const orientation = takeOrientation(png.exif);
  const notes = [];
  if (png.depth === 16) {
    notes.push("The picture has 16 bits per colour, the result has 8.");
  }
  return {
    ...turn(png, orientation),
    chunks: withExif(png.chunks, png.exif),
    turned: orientation !== 1,
    notes,
  };
}

async function fromBrowser(bytes, header) {
  const { type, components, profile, exif, frames } = header;
  // Browsers turn a JPEG by its EXIF block and disagree about WebP: now the
  // block, which lies in these bytes, says that there is nothing to turn.
  const orientation = takeOrientation(exif);
  const decoded = await decodeWithBrowser(bytes, type, components === 1);
  const chunks = [];
  if (profile) chunks.push({ type: "iCCP", data: await packProfile(profile) });
  const notes = [];
  if (frames > 1) {
    notes.push(`The file holds ${frames} pictures; this is the first.`);
  }
  if (type === "image/avif" || type === "image/heic") {
    notes.push(
      "The colours were converted to sRGB; the EXIF block is not kept.",
    );
  }
  if (decoded.alpha && type === "image/webp") {
    notes.push(
      "Browsers round the colours of see-through pixels when they read WebP; " +
        "save the picture as PNG first to keep them.",
    );
  }
  return {
    ...turn(decoded, orientation),
    chunks: withExif(chunks, exif),
    turned: orientation !== 1 && type !== "image/jpeg",
    notes,
  };
}

/** The orientation of a block, which says upright from now on. */
function takeOrientation(exif) {
  const orientation = readOrientation(exif);
  if (exif) makeUpright(exif);
  return orientation;
}

function turn({ pixels, alpha, height, width, channels }, orientation) {
  return {
    ...orient(pixels, height, width, channels, orientation),
    channels,
    alpha: alpha && orient(alpha, height, width, 1, orientation).pixels,
  };
}

function withExif(chunks, exif) {
  return exif ? [...chunks, { type: "eXIf", data: exif }] : chunks;
}
