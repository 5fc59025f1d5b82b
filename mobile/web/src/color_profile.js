/** @file ICC profiles as PNG keeps them: a name, two zeros, packed bytes. */

// Profiles take some kilobytes, those of printers a few megabytes.
const LARGEST = 2 ** 23;

/**
 * The data of an iCCP chunk.
 *
 * @param {Uint8Array} profile
 * @return {Promise<Uint8Array>}
 */
export async function packProfile(profile) {
  const packed = new Blob([profile])
    .stream()
    .pipeThrough(new CompressionStream("deflate"));
  const parts = ["profile\0\0", await new Response(packed).arrayBuffer()];
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/**
 * The profile in the data of an iCCP chunk.
 *
 * @param {Uint8Array} data
 * @return {Promise<?Uint8Array>} null where it is damaged or far too large,
 *     as a broken profile is no reason not to save a picture.
 */
export async function unpackProfile(data) {
  const packed = data.subarray(data.indexOf(0) + 2);
  const reader = new Blob([packed])
    .stream()
    .pipeThrough(new DecompressionStream("deflate"))
    .getReader();
  const parts = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      size += value.length;
      if (size > LARGEST) return null;
    }
  } catch {
    return null;
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
