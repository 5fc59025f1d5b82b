/** @file Results as files: PNG by code of our own, the rest by a canvas. */

import { unpackProfile } from "./color_profile.js";
import { PhotoError } from "./errors.js";
import { fitsJpeg, jpegWith, webpWith } from "./metadata.js";
import { writePng } from "./png_writer.js";
import { toRgba } from "./rgba.js";

const TITLES = { "image/jpeg": "JPEG", "image/webp": "WebP" };
// Lines that go to the canvas at once.
const BAND = 256;

/**
 * Encodes a picture.
 *
 * @param {import("./photo.js").Photo} picture
 * @param {{type: string, quality: number}} format MIME type, and the quality
 *     of JPEG and WebP, from 0 to 1.
 * @return {Promise<{blob: Blob, notes: string[]}>} `notes` says what the file
 *     does not keep.
 * @throws {PhotoError} If the browser cannot write it.
 */
export async function writePicture(picture, { type, quality }) {
  if (type === "image/png") return { blob: await writePng(picture), notes: [] };
  const encoded = await encode(picture, type, quality);
  const { metadata, notes } = await metadataFor(picture, type);
  const bytes = new Uint8Array(await encoded.arrayBuffer());
  const blob =
    type === "image/jpeg"
      ? jpegWith(bytes, metadata)
      : webpWith(bytes, metadata, picture);
  return { blob, notes };
}

async function metadataFor({ chunks, channels, alpha }, type) {
  const jpeg = type === "image/jpeg";
  const notes = [];
  if (alpha) {
    notes.push(
      jpeg
        ? "JPEG has no transparency: what was see-through is white."
        : "WebP rounds the colours of see-through parts; PNG keeps them.",
    );
  }
  let exif = chunks.find((chunk) => chunk.type === "eXIf")?.data ?? null;
  if (exif && jpeg && !fitsJpeg(exif)) {
    notes.push("The EXIF block is too large for a JPEG and was left out.");
    exif = null;
  }
  const packed = chunks.find((chunk) => chunk.type === "iCCP")?.data;
  // A canvas writes gray as colour, which a profile for gray does not fit.
  const profile = packed && channels === 3 ? await unpackProfile(packed) : null;
  if (packed && !profile) {
    notes.push("The colour profile was left out; PNG keeps it.");
  }
  return { metadata: { exif, profile }, notes };
}

async function encode(picture, type, quality) {
  const { width, height, channels, pixels, alpha } = picture;
  let blob;
  try {
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    for (let top = 0; top < height; top += BAND) {
      const lines = Math.min(BAND, height - top);
      const [first, last] = [top * width, (top + lines) * width];
      const rgba = toRgba(
        pixels.subarray(first * channels, last * channels),
        channels,
        alpha?.subarray(first, last),
      );
      context.putImageData(new ImageData(rgba, width, lines), 0, top);
    }
    if (alpha && type === "image/jpeg") {
      context.globalCompositeOperation = "destination-over";
      context.fillStyle = "#fff";
      context.fillRect(0, 0, width, height);
    }
    blob = await canvas.convertToBlob({ type, quality });
  } catch {
    throw new PhotoError(
      `The picture is too large for this browser to write as ${TITLES[type]}` +
        "; save it as PNG.",
    );
  }
  // Browsers write PNG instead of what they do not know.
  if (blob.type !== type) {
    throw new PhotoError(
      `This browser cannot write ${TITLES[type]}; choose another format.`,
    );
  }
  return blob;
}
