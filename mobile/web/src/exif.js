/** @file The orientation inside an EXIF block. */

const ORIENTATION = 0x0112;

/**
 * The orientation that an EXIF block tells.
 *
 * @param {?Uint8Array} tiff The block, from its TIFF header on.
 * @return {number} 1 to 8; 1 where there is none or the block is broken, as
 *     broken metadata is no reason not to restore a picture.
 */
export function readOrientation(tiff) {
  const found = tiff && findOrientation(tiff);
  return found && found.value >= 1 && found.value <= 8 ? found.value : 1;
}

/**
 * Sets the orientation of a block to upright and leaves all else as it is.
 *
 * @param {Uint8Array} tiff
 */
export function makeUpright(tiff) {
  const found = findOrientation(tiff);
  if (found) found.view.setUint16(found.offset, 1, found.little);
}

function findOrientation(tiff) {
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  try {
    const order = view.getUint16(0);
    if (order !== 0x4949 && order !== 0x4d4d) return null;
    const little = order === 0x4949;
    const start = view.getUint32(4, little);
    const count = view.getUint16(start, little);
    for (let entry = start + 2; entry < start + 2 + 12 * count; entry += 12) {
      if (view.getUint16(entry, little) === ORIENTATION) {
        const offset = entry + 8;
        return { view, offset, little, value: view.getUint16(offset, little) };
      }
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return null;
}
