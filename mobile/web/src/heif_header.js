/** @file What an AVIF or HEIC file tells before it is decoded. */

const TYPES = {
  avif: "image/avif",
  avis: "image/avif",
  heic: "image/heic",
  heix: "image/heic",
  heim: "image/heic",
  heis: "image/heic",
  hevc: "image/heic",
};
// Bytes before the boxes inside these boxes.
const HEADS = { meta: 4, iprp: 0, ipco: 0 };

/**
 * @param {DataView} view The whole file.
 * @return {?string} The MIME type, or null if it is neither.
 */
export function heifType(view) {
  if (view.byteLength < 16 || text(view, 4) !== "ftyp") return null;
  const stop = Math.min(view.getUint32(0), view.byteLength);
  // The main brand, a version, and the others that it can be read as.
  for (let at = 8; at + 4 <= stop; at += at === 8 ? 8 : 4) {
    const type = TYPES[text(view, at)];
    if (type) return type;
  }
  return null;
}

/**
 * @param {DataView} view The whole file.
 * @return {?import("./photo_header.js").PhotoHeader} null where it is damaged.
 * @throws {RangeError} If it ends early.
 */
export function readHeif(view) {
  const sizes = sizesIn(view, 0, view.byteLength);
  // Large photos are put together from small ones: the largest is the photo.
  const [size] = sizes.sort((a, b) => b.width * b.height - a.width * a.height);
  if (!size?.width || !size.height) return null;
  return { type: heifType(view), ...size };
}

function sizesIn(view, start, stop) {
  const sizes = [];
  for (let at = start; at < stop;) {
    let size = view.getUint32(at);
    let head = 8;
    if (size === 1) {
      size = view.getUint32(at + 8) * 2 ** 32 + view.getUint32(at + 12);
      head = 16;
    }
    if (size === 0) size = stop - at;
    const end = at + size;
    if (size < head || end > stop) throw new RangeError("A box ends early.");
    const type = text(view, at + 4);
    if (type === "ispe") {
      const [width, height] = [12, 16].map((i) => view.getUint32(at + i));
      sizes.push({ width, height });
    } else if (type in HEADS) {
      sizes.push(...sizesIn(view, at + head + HEADS[type], end));
    }
    at = end;
  }
  return sizes;
}

function text(view, start) {
  return String.fromCharCode(
    ...[0, 1, 2, 3].map((i) => view.getUint8(start + i)),
  );
}
