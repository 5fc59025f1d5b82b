/** @file What PNG does to the lines of an image before packing them. */

const PAETH = 4;

/**
 * Takes the filter off a line.
 *
 * @param {number} filter 0 to 4.
 * @param {Uint8Array} line Overwritten with the bytes of the line.
 * @param {Uint8Array} above The line above, zeros for the first.
 * @param {number} step Bytes of a pixel, at least 1.
 * @return {boolean} Whether there is such a filter.
 */
export function unfilter(filter, line, above, step) {
  const { length } = line;
  switch (filter) {
    case 0:
      return true;
    case 1:
      for (let i = step; i < length; i++) line[i] += line[i - step];
      return true;
    case 2:
      for (let i = 0; i < length; i++) line[i] += above[i];
      return true;
    case 3:
      for (let i = 0; i < length; i++) {
        const left = i < step ? 0 : line[i - step];
        line[i] += (left + above[i]) >> 1;
      }
      return true;
    case PAETH:
      for (let i = 0; i < step; i++) line[i] += above[i];
      for (let i = step; i < length; i++) {
        line[i] += predict(line[i - step], above[i], above[i - step]);
      }
      return true;
    default:
      return false;
  }
}

/**
 * Filters a line by Paeth's prediction, which suits photos.
 *
 * @param {Uint8Array} line
 * @param {Uint8Array} above The line above, zeros for the first.
 * @param {number} step Bytes of a pixel.
 * @param {Uint8Array} target Takes the number of the filter and the line.
 */
export function filterPaeth(line, above, step, target) {
  target[0] = PAETH;
  for (let i = 0; i < step; i++) target[i + 1] = line[i] - above[i];
  for (let i = step; i < line.length; i++) {
    target[i + 1] =
      line[i] - predict(line[i - step], above[i], above[i - step]);
  }
}

function predict(left, up, corner) {
  const guess = left + up - corner;
  const fromLeft = Math.abs(guess - left);
  const fromUp = Math.abs(guess - up);
  const fromCorner = Math.abs(guess - corner);
  if (fromLeft <= fromUp && fromLeft <= fromCorner) return left;
  return fromUp <= fromCorner ? up : corner;
}
