/**
 * @file Tiles with context, as `kerasrestore/inference/tiling.py` defines
 * them: the same spans, the same weights, the same order of float32
 * operations, so that every runtime gives the same bytes.
 *
 * The image is thought to continue beyond its borders by reflection. Each
 * tile is read with `halo` pixels of context on every side; with less context
 * than the network sees, neighbours are faded into each other over `feather`
 * pixels on either side of the line where their cores meet.
 */

const f32 = Math.fround;

/**
 * One tile along one axis: `[read, read + tile)` is given to the network and
 * `[start, stop)` is what the tile answers for.
 *
 * @typedef {{read: number, start: number, stop: number}} Span
 */

/** Where the tiles of an image lie. */
export class TilePlan {
  /**
   * @param {number} height Image height in pixels.
   * @param {number} width Image width in pixels.
   * @param {[number, number]} tile Height and width of what the network is
   *     given, context included.
   * @param {number} halo Context in pixels on each side of a tile's core.
   * @param {number} [feather] Pixels on either side of a line between two
   *     cores over which they are blended, 0 for a hard cut.
   */
  constructor(height, width, tile, halo, feather = 0) {
    const core = Math.min(...tile) - 2 * halo;
    if (height < 1 || width < 1) {
      throw new RangeError(
        `An image has at least one pixel, got ${width}x${height}.`,
      );
    }
    if (core < 1) {
      throw new RangeError(
        `A tile of ${tile[1]}x${tile[0]} leaves nothing between ${halo} ` +
          `pixels of overlap on each side; use more than ${2 * halo}.`,
      );
    }
    const widest = Math.min(halo, Math.floor(core / 2));
    if (feather < 0 || feather > widest) {
      throw new RangeError(
        `A feather of ${feather} does not fit a halo of ${halo} and a core ` +
          `of ${core} pixels; use at most ${widest}.`,
      );
    }
    Object.assign(this, { height, width, tile, halo, feather });
    /** @type {Span[]} Tile rows, top to bottom. */
    this.rows = spans(height, tile[0], halo);
    /** @type {Span[]} Tile columns, left to right. */
    this.columns = spans(width, tile[1], halo);
  }

  /** How many tiles there are. */
  get length() {
    return this.rows.length * this.columns.length;
  }

  /**
   * The tiles in the order in which they are wanted.
   *
   * @param {{left: number, top: number, width: number, height: number}}
   *     [around] A part of the image: the tiles nearest to it come first, the
   *     ones in it by the distance from its centre. By default the order is
   *     that of rows and columns.
   * @return {[Span, Span][]} Row and column of each tile.
   */
  tilesFrom(around) {
    const tiles = this.rows.flatMap((row) =>
      this.columns.map((column) => [row, column]),
    );
    if (!around) return tiles;
    const { left, top, width, height } = around;
    const distances = new Map(
      tiles.map((tile) => {
        const [row, column] = tile;
        const outside = Math.hypot(
          gap(row, top, top + height),
          gap(column, left, left + width),
        );
        const off = Math.hypot(
          (row.start + row.stop) / 2 - (top + height / 2),
          (column.start + column.stop) / 2 - (left + width / 2),
        );
        return [tile, [outside, off]];
      }),
    );
    return tiles.sort((one, other) => {
      const [outside, off] = distances.get(one);
      const [otherOutside, otherOff] = distances.get(other);
      return outside - otherOutside || off - otherOff;
    });
  }
}

function spans(size, tile, halo) {
  const core = tile - 2 * halo;
  const found = [];
  for (let start = 0; start < size; start += core) {
    const stop = Math.min(start + core, size);
    found.push({ read: start - halo, start, stop });
  }
  return found;
}

/**
 * Indices of `[start, stop)` in a line of `size` pixels that continues by
 * reflection about its first and last pixel, as often as it takes.
 *
 * @param {number} start
 * @param {number} stop
 * @param {number} size
 * @return {Int32Array}
 */
export function reflect(start, stop, size) {
  const indices = new Int32Array(stop - start);
  if (size === 1) return indices;
  const period = 2 * (size - 1);
  for (let i = 0; i < indices.length; i++) {
    const index = (((start + i) % period) + period) % period;
    indices[i] = Math.min(index, period - index);
  }
  return indices;
}

/**
 * Weight of a tile along one axis, for the pixels from `start - feather` to
 * `stop + feather` inside the image. Weights of neighbours add up to one.
 *
 * @param {Span} span
 * @param {number} size
 * @param {number} feather
 * @return {Float32Array}
 */
export function blendWeights(span, size, feather) {
  const first = firstPixel(span, feather);
  const last = Math.min(size, span.stop + feather);
  const weights = new Float32Array(last - first).fill(1);
  if (!feather) return weights;
  for (let i = 0; i < weights.length; i++) {
    const position = f32(first + i + 0.5);
    if (span.start) {
      const rise = f32(position - (span.start - feather));
      weights[i] = Math.min(weights[i], f32(rise / (2 * feather)));
    }
    if (span.stop < size) {
      const fall = f32(span.stop + feather - position);
      weights[i] = Math.min(weights[i], f32(fall / (2 * feather)));
    }
  }
  return weights;
}

/** Pixels between a span and `[start, stop)`, 0 where they overlap. */
function gap(span, start, stop) {
  return Math.max(0, start - span.stop, span.start - stop);
}

function firstPixel(span, feather) {
  return span.start ? Math.max(0, span.start - feather) : 0;
}

/**
 * A finished part of the result, `height` rows of `width` pixels.
 *
 * @typedef {{top: number, left: number, height: number, width: number,
 *     values: Float32Array}} Part
 */

/**
 * Takes an image through a network, tile by tile.
 *
 * @param {TilePlan} plan
 * @param {object} steps
 * @param {number} steps.channels Channels of the image.
 * @param {(rows: Int32Array, columns: Int32Array) => Float32Array} steps.read
 *     Gives the pixels at two index arrays, row by row.
 * @param {(tile: Float32Array) => Float32Array|Promise<Float32Array>}
 *     steps.run Gives the restored tile.
 * @param {(part: Part) => void} steps.write Takes finished parts, each pixel
 *     once; the array is used again afterwards.
 * @param {number} [steps.scale] Enlargement of the network.
 * @param {{left: number, top: number, width: number, height: number}}
 *     [steps.around] The part of the image that is wanted first. Plans with a
 *     feather go from top to bottom all the same: the order in which tiles
 *     are summed decides the last bit.
 * @param {() => void} [steps.tick] Called after each tile.
 */
export async function runTiles(plan, steps) {
  return plan.feather ? runBlended(plan, steps) : runCut(plan, steps);
}

/** Tiles that are exact up to the line where they meet. */
async function runCut(
  plan,
  { channels, read, run, write, scale = 1, around, tick },
) {
  const [tileHeight, tileWidth] = plan.tile;
  for (const [row, column] of plan.tilesFrom(around)) {
    const rows = reflect(row.read, row.read + tileHeight, plan.height);
    const columns = reflect(column.read, column.read + tileWidth, plan.width);
    const restored = await run(read(rows, columns));
    const height = (row.stop - row.start) * scale;
    const width = (column.stop - column.start) * scale;
    const values = new Float32Array(height * width * channels);
    for (let y = 0; y < height; y++) {
      const line = plan.halo * scale + y;
      const from = (line * tileWidth * scale + plan.halo * scale) * channels;
      const stop = from + width * channels;
      values.set(restored.subarray(from, stop), y * width * channels);
    }
    const [top, left] = [row.start * scale, column.start * scale];
    write({ top, left, height, width, values });
    tick?.();
  }
}

/** Tiles that are faded into their neighbours, band by band. */
async function runBlended(
  plan,
  { channels, read, run, write, scale = 1, tick },
) {
  const { feather, width, height, columns } = plan;
  const line = width * scale * channels;
  const tileLine = plan.tile[1] * scale * channels;
  const across = columns.map((span) =>
    stretch(blendWeights(span, width, feather), scale),
  );
  const columnIndices = columns.map((span) =>
    reflect(span.read, span.read + plan.tile[1], width),
  );
  let carry = new Float32Array(0);
  for (const row of plan.rows) {
    const top = firstPixel(row, feather);
    const down = stretch(blendWeights(row, height, feather), scale);
    const band = new Float32Array(down.length * line);
    band.set(carry);
    const rowIndices = reflect(row.read, row.read + plan.tile[0], height);
    for (const [index, column] of columns.entries()) {
      const left = firstPixel(column, feather);
      const restored = await run(read(rowIndices, columnIndices[index]));
      const from =
        (top - row.read) * scale * tileLine +
        (left - column.read) * scale * channels;
      const weights = across[index];
      for (let y = 0; y < down.length; y++) {
        const source = from + y * tileLine;
        const target = y * line + left * scale * channels;
        for (let x = 0, i = 0; x < weights.length; x++) {
          const weight = f32(down[y] * weights[x]);
          for (let c = 0; c < channels; c++, i++) {
            const part = f32(restored[source + i] * weight);
            band[target + i] = f32(band[target + i] + part);
          }
        }
      }
      tick?.();
    }
    const last = row.stop >= height;
    const rows = last ? down.length : (row.stop - feather - top) * scale;
    write({
      top: top * scale,
      left: 0,
      height: rows,
      width: width * scale,
      values: band.subarray(0, rows * line),
    });
    carry = band.subarray(rows * line);
  }
}

function stretch(weights, scale) {
  if (scale === 1) return weights;
  return new Float32Array(weights.length * scale).map(
    (_, index) => weights[Math.floor(index / scale)],
  );
}
