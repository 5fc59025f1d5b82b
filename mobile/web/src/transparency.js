/**
 * @file Transparent photos, with the arithmetic of
 * `kerasrestore/inference/transparency.py` and of Pillow's bicubic filter.
 */

const f32 = Math.fround;
// From the median of |a - b - c + d| to the step of `draw`.
const STEP = f32(1 / (2 * 0.6745 * 147.8));
// Of Keys' cubic.
const A = -0.5;
const SUPPORT = 2;

/**
 * Replaces the colours of fully transparent pixels, which a network would see
 * as edges: each gets the mean of the visible pixels, weighted by their
 * opacity, in the smallest block around it, of 2, 4, 8, ... pixels a side,
 * that contains any, and noise as strong as that of the visible pixels.
 *
 * @param {{pixels: Uint8Array, alpha: ?Uint8Array, height: number,
 *     width: number, channels: number}} photo
 * @return {Uint8Array} The photo's own pixels if none or all are hidden.
 */
export function fillHidden({ pixels, alpha, height, width, channels }) {
  const most = alpha?.reduce((top, value) => Math.max(top, value), 0);
  if (!most || !alpha.includes(0)) return pixels;
  const sums = halvedPhoto(pixels, alpha, height, width, channels, most);
  const colors = smooth(sums);
  const steps = noiseSteps(pixels, alpha, height, width, channels);
  const filled = pixels.slice();
  for (let i = 0; i < alpha.length; i++) {
    if (alpha[i]) continue;
    const [y, x] = [Math.floor(i / width), i % width];
    const block = (y >> 1) * sums.width + (x >> 1);
    for (let c = 0; c < channels; c++) {
      const at = i * channels + c;
      const noise = steps[c] && f32(draw(at) * steps[c]);
      const value = round(f32(colors[block * channels + c] + noise));
      filled[at] = Math.min(Math.max(value, 0), 255);
    }
  }
  return filled;
}

/**
 * Standard deviation of the visible pixels' noise by channel, divided by that
 * of `draw`: from the median of the diagonal differences of 2x2 pixels.
 */
function noiseSteps(pixels, alpha, height, width, channels) {
  const line = width * channels;
  return Array.from({ length: channels }, (_, c) => {
    const counts = new Uint32Array(511);
    let total = 0;
    for (let y = 0; y + 1 < height; y += 2) {
      for (let x = 0; x + 1 < width; x += 2) {
        const i = y * width + x;
        const lower = i + width;
        if (!(alpha[i] && alpha[i + 1] && alpha[lower] && alpha[lower + 1])) {
          continue;
        }
        const at = i * channels + c;
        const upper = pixels[at] - pixels[at + channels];
        const under = pixels[at + line] - pixels[at + line + channels];
        counts[Math.abs(upper - under)]++;
        total++;
      }
    }
    const half = Math.floor((total + 1) / 2);
    let median = 0;
    for (let below = counts[0]; below < half; below += counts[++median]);
    return f32(median * STEP);
  });
}

/** A number of nearly normal distribution, mean 0, for a place: a hash. */
function draw(place) {
  let key = place ^ (place >>> 16);
  key = Math.imul(key, 0x85ebca6b);
  key ^= key >>> 13;
  key = Math.imul(key, 0xc2b2ae35);
  key ^= key >>> 16;
  let sum = 0;
  for (let shift = 0; shift < 32; shift += 8) sum += (key >>> shift) & 255;
  return sum - 510;
}

/**
 * Gives hidden pixels their colours back: an editor may make them visible
 * again.
 *
 * @param {Uint8Array} restored
 * @param {object} photo As for `fillHidden`.
 * @return {Uint8Array} `restored`.
 */
export function keepHidden(restored, { pixels, alpha, channels }) {
  if (!alpha) return restored;
  for (let i = 0; i < alpha.length; i++) {
    if (alpha[i]) continue;
    for (let c = i * channels; c < (i + 1) * channels; c++) {
      restored[c] = pixels[c];
    }
  }
  return restored;
}

/**
 * Enlarges opacity bicubically; what overshoots its range is clipped.
 *
 * @param {Uint8Array} alpha
 * @param {number} height
 * @param {number} width
 * @param {number} scale
 * @return {Uint8Array}
 */
export function enlargeAlpha(alpha, height, width, scale) {
  let [low, high] = [255, 0];
  for (const value of alpha) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const columns = allTaps(width, scale);
  const wide = new Map();
  const wideRow = (row) => {
    if (!wide.has(row)) {
      const line = alpha.subarray(row * width, (row + 1) * width);
      wide.set(row, enlargeLine(line, columns));
    }
    return wide.get(row);
  };
  const result = new Uint8Array(alpha.length * scale * scale);
  const line = width * scale;
  for (const [y, { first, weights }] of allTaps(height, scale).entries()) {
    for (const row of wide.keys()) if (row < first) wide.delete(row);
    const rows = weights.map((_, tap) => wideRow(first + tap));
    for (let x = 0; x < line; x++) {
      let sum = 0;
      for (let tap = 0; tap < rows.length; tap++) {
        sum += rows[tap][x] * weights[tap];
      }
      result[y * line + x] = round(Math.min(Math.max(f32(sum), low), high));
    }
  }
  return result;
}

function enlargeLine(line, columns) {
  const result = new Float32Array(columns.length);
  for (const [x, { first, weights }] of columns.entries()) {
    let sum = 0;
    for (let tap = 0; tap < weights.length; tap++) {
      sum += line[first + tap] * weights[tap];
    }
    result[x] = sum;
  }
  return result;
}

/** The pixels of a line that each of the enlarged line is made of. */
function allTaps(size, scale) {
  return Array.from({ length: size * scale }, (_, place) => {
    const center = (place + 0.5) * (size / (size * scale));
    const first = Math.max(0, Math.trunc(center - SUPPORT + 0.5));
    const last = Math.min(size, Math.trunc(center + SUPPORT + 0.5));
    const raw = Array.from({ length: last - first }, (_, tap) =>
      cubic(Math.abs(first + tap - center + 0.5)),
    );
    const sum = raw.reduce((total, weight) => total + weight, 0);
    return { first, weights: raw.map((weight) => weight / sum) };
  });
}

function cubic(x) {
  if (x < 1) return ((A + 2) * x - (A + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * A : 0;
}

/**
 * Sums of colours times opacity, and of opacity, over blocks of pixels.
 *
 * @typedef {{height: number, width: number, channels: number,
 *     values: Float32Array, weights: Float32Array}} Sums
 */

/** The sums of blocks of 2x2 pixels; those of one are never all in memory. */
function halvedPhoto(pixels, alpha, height, width, channels, most) {
  const half = emptySums((height + 1) >> 1, (width + 1) >> 1, channels);
  for (let row = 0; row < half.height; row++) {
    const rows = Math.min(2, height - 2 * row);
    const pair = emptySums(rows, width, channels);
    for (let i = 0, from = 2 * row * width; i < rows * width; i++, from++) {
      const weight = f32(alpha[from] / most);
      pair.weights[i] = weight;
      for (let c = 0; c < channels; c++) {
        pair.values[i * channels + c] = pixels[from * channels + c] * weight;
      }
    }
    const { values, weights } = halved(pair);
    half.values.set(values, row * half.width * channels);
    half.weights.set(weights, row * half.width);
  }
  return half;
}

function emptySums(height, width, channels) {
  const values = new Float32Array(height * width * channels);
  const weights = new Float32Array(height * width);
  return { height, width, channels, values, weights };
}

function halved({ height, width, channels, values, weights }) {
  const half = emptySums((height + 1) >> 1, (width + 1) >> 1, channels);
  pool(values, height, width, channels, half.values);
  pool(weights, height, width, 1, half.weights);
  return half;
}

/** Over 2x2 blocks: along the column, then along the row, in float32. */
function pool(from, height, width, channels, into) {
  const line = width * channels;
  for (let y = 0, to = 0; y < height; y += 2) {
    for (let x = 0; x < width; x += 2) {
      for (let c = 0; c < channels; c++) {
        const at = y * line + x * channels + c;
        const [below, right] = [y + 1 < height, x + 1 < width];
        const first = f32(from[at] + (below ? from[at + line] : 0));
        const second = right
          ? f32(from[at + channels] + (below ? from[at + line + channels] : 0))
          : 0;
        into[to++] = first + second;
      }
    }
  }
}

/** Makes means of sums; blocks without any opacity continue the others. */
function smooth(sums) {
  const { height, width, channels, values, weights } = sums;
  const coarse = weights.includes(0) ? halved(sums) : null;
  const larger = coarse && smooth(coarse);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      for (let c = 0; c < channels; c++) {
        const at = i * channels + c;
        values[at] = weights[i]
          ? values[at] / weights[i]
          : doubled(larger, coarse, y, x, c);
      }
    }
  }
  return values;
}

/** A value at twice the size: linear along the rows, then the columns. */
function doubled(values, { height, width, channels }, y, x, c) {
  const column = neighbours(x, width);
  const [near, far] = neighbours(y, height).map((row) =>
    linear(
      ...column.map((place) => values[(row * width + place) * channels + c]),
    ),
  );
  return linear(near, far);
}

/** The block that a place lies in, and the next one beside it. */
function neighbours(place, size) {
  const near = place >> 1;
  const far = near + (place % 2 ? 1 : -1);
  return [near, Math.min(Math.max(far, 0), size - 1)];
}

function linear(near, far) {
  return f32(0.75 * near + 0.25 * far);
}

/** Half to even. */
function round(value) {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor + (floor & 1);
}
