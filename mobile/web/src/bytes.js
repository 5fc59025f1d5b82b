/** @file Arrays of bytes. */

/**
 * @param {Uint8Array[]} parts
 * @return {Uint8Array} All of them, one after the other.
 */
export function concat(parts) {
  const whole = new Uint8Array(
    parts.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
