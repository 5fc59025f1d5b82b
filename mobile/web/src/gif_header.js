/** @file What a GIF file tells before it is decoded. */

const BLOCK = { EXTENSION: 0x21, IMAGE: 0x2c, END: 0x3b };

/**
 * @param {DataView} view The whole file.
 * @return {?import("./photo_header.js").PhotoHeader} null where it is damaged.
 * @throws {RangeError} If it ends early.
 */
export function readGif(view) {
  const width = view.getUint16(6, true);
  const height = view.getUint16(8, true);
  let at = 13 + tableSize(view.getUint8(10));
  let frames = 0;
  for (;;) {
    const kind = view.getUint8(at);
    if (kind === BLOCK.END) break;
    if (kind === BLOCK.IMAGE) {
      frames++;
      at = skipBlocks(view, at + 11 + tableSize(view.getUint8(at + 9)));
    } else if (kind === BLOCK.EXTENSION) {
      at = skipBlocks(view, at + 2);
    } else {
      return null;
    }
  }
  if (!width || !height || !frames) return null;
  return { type: "image/gif", width, height, frames };
}

/** Bytes of the table of colours that a byte of flags announces. */
function tableSize(flags) {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0;
}

/** Where the blocks that begin here end. */
function skipBlocks(view, start) {
  let at = start;
  for (let size; (size = view.getUint8(at)) > 0;) at += size + 1;
  return at + 1;
}
