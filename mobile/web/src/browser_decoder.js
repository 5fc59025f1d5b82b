/** @file Decodes what is not a PNG with the browser's own decoders. */

import { PhotoError } from "./errors.js";

// Lines that are read at once, so that a canvas as large as the photo is not
// needed; phones have none of 50 megapixels.
const BAND = 256;
// What some browsers read; their colours are not always told by a profile.
const NEW = { "image/avif": "AVIF", "image/heic": "HEIC" };

/**
 * Decodes a picture: JPEG, WebP, GIF and BMP without applying the colour
 * profile, AVIF and HEIC in sRGB.
 *
 * @param {Uint8Array} bytes
 * @param {string} type MIME type.
 * @param {boolean} gray Whether the three channels are one.
 * @return {Promise<object>} `width`, `height`, `channels`, `pixels`, and
 *     `alpha`, null where all is opaque.
 * @throws {PhotoError} If the browser cannot decode it.
 */
export async function decodeWithBrowser(bytes, type, gray) {
  const bitmap = await decode(new Blob([bytes], { type }));
  try {
    const { width, height } = bitmap;
    const channels = gray ? 1 : 3;
    const pixels = new Uint8Array(width * height * channels);
    const alpha = new Uint8Array(width * height);
    let opaque = true;
    readBands(bitmap, (top, rgba) => {
      const first = top * width;
      for (let i = 0; i < rgba.length / 4; i++) {
        for (let c = 0; c < channels; c++) {
          pixels[(first + i) * channels + c] = rgba[4 * i + c];
        }
        alpha[first + i] = rgba[4 * i + 3];
        opaque &&= rgba[4 * i + 3] === 255;
      }
    });
    return {
      width,
      height,
      channels,
      pixels,
      alpha: opaque ? null : alpha,
    };
  } finally {
    bitmap.close();
  }
}

async function decode(blob) {
  try {
    return await createImageBitmap(blob, {
      colorSpaceConversion: blob.type in NEW ? "default" : "none",
      imageOrientation: "from-image",
      premultiplyAlpha: "none",
    });
  } catch {
    if (blob.type in NEW) {
      throw new PhotoError(
        `This browser cannot read ${NEW[blob.type]} pictures, or this one is ` +
          "damaged; save it as JPEG or PNG and try again.",
      );
    }
    throw new PhotoError(
      "The browser cannot decode the picture; it is damaged or of an " +
        "unusual kind. Save it as PNG and try again.",
    );
  }
}

function readBands(bitmap, take) {
  const { width, height } = bitmap;
  const canvas = new OffscreenCanvas(width, Math.min(BAND, height));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.globalCompositeOperation = "copy";
  for (let top = 0; top < height; top += BAND) {
    const lines = Math.min(BAND, height - top);
    context.drawImage(bitmap, 0, top, width, lines, 0, 0, width, lines);
    take(top, context.getImageData(0, 0, width, lines).data);
  }
}
