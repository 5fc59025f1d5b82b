/**
 * Turns pixels upright.
 *
 * @param {Uint8Array} pixels Row by row.
 * @param {number} height
 * @param {number} width
 * @param {number} channels
 * @param {number} orientation EXIF orientation, 1 to 8.
 * @return {{pixels: Uint8Array, height: number, width: number}}
 */
export function orient(pixels, height, width, channels, orientation) {
  if (orientation === 1) return { pixels, height, width };
  const swapped = orientation >= 5;
  const down = swapped ? width : height;
  const across = swapped ? height : width;
  const flipY = [3, 4, 7, 8].includes(orientation);
  const flipX = [2, 3, 6, 7].includes(orientation);
  const upright = new pixels.constructor(pixels.length);
  for (let y = 0, target = 0; y < down; y++) {
    const row = flipY ? down - 1 - y : y;
    for (let x = 0; x < across; x++) {
      const column = flipX ? across - 1 - x : x;
      const index = swapped ? column * width + row : row * width + column;
      for (let c = 0; c < channels; c++) {
        upright[target++] = pixels[index * channels + c];
      }
    }
  }
  return { pixels: upright, height: down, width: across };
}
