/**
 * Pixels as canvases take them.
 *
 * @param {Uint8Array} pixels
 * @param {number} channels 1 or 3.
 * @param {?Uint8Array} alpha One byte a pixel, or null.
 * @return {Uint8ClampedArray}
 */
export function toRgba(pixels, channels, alpha) {
  const count = pixels.length / channels;
  const rgba = new Uint8ClampedArray(4 * count);
  for (let i = 0; i < count; i++) {
    for (let c = 0; c < 3; c++) {
      rgba[4 * i + c] = pixels[i * channels + (channels === 1 ? 0 : c)];
    }
    rgba[4 * i + 3] = alpha ? alpha[i] : 255;
  }
  return rgba;
}
