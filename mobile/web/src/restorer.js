/** @file Takes a photo of any size through a model, tile by tile. */

import {
  FLOAT_OF_BYTE,
  blend,
  meanOfThree,
  putChannel,
  repeatThrice,
  takeChannel,
  writeBytes,
} from "./pixels.js";
import { tileContext } from "./sidecar.js";
import { TilePlan, runTiles } from "./tiling.js";

/**
 * Runs one tile.
 *
 * @callback RunTile
 * @param {Float32Array} tile Values in [0, 1], row by row.
 * @param {number} sigma Noise level on the 0..255 scale, for models that
 *     take it.
 * @return {Float32Array|Promise<Float32Array>}
 */

/** What `ImageRestorer` is in Python, for photos with 8 bits. */
export class Restorer {
  /**
   * @param {object} sidecar
   * @param {RunTile} runTile
   */
  constructor(sidecar, runTile) {
    this.sidecar = sidecar;
    this.runTile = runTile;
  }

  /**
   * Restores the pixels of a photo.
   *
   * @param {{pixels: Uint8Array, height: number, width: number,
   *     channels: number}} photo With 1 or 3 channels.
   * @param {object} options
   * @param {number} [options.strength] 0 to 2; 1 is the model's answer.
   *     Models that take the noise level are told `strength * sigma`; others
   *     are blended with the input below 1 and with a second pass above.
   * @param {number} [options.sigma] Noise level, where the model takes it.
   * @param {(done: number, total: number) => void} [options.progress] In
   *     tiles of all passes.
   * @return {Promise<Uint8Array>} Pixels of the same kind.
   */
  async restore(photo, { strength = 1, sigma, progress }) {
    const told = this.sidecar.sigma_input;
    const passes = strength > 1 && !told ? [1, strength - 1] : [strength];
    const { halo, feather } = tileContext(this.sidecar);
    const { height, width } = photo;
    const plan = new TilePlan(height, width, this.sidecar.tile, halo, feather);
    const total = passes.length * plan.length;
    let done = 0;
    progress?.(done, total);
    let { pixels } = photo;
    for (const share of passes) {
      pixels = await this.#restoreOnce({ ...photo, pixels }, plan, {
        strength: told ? 1 : share,
        sigma: told ? sigma * strength : 0,
        tick: () => progress?.(++done, total),
      });
    }
    return pixels;
  }

  async #restoreOnce(photo, plan, { strength, sigma, tick }) {
    const { pixels, width, channels } = photo;
    const output = new Uint8Array(pixels.length);
    await runTiles(plan, {
      channels,
      read: (rows, columns) => readTile(photo, rows, columns),
      run: async (tile) => {
        const restored = await this.#runChannels(tile, channels, sigma);
        return strength === 1 ? restored : blend(tile, restored, strength);
      },
      write: (top, band) => writeBytes(band, output, top * width * channels),
      tick,
    });
    return output;
  }

  /** Fits a tile of 1 or 3 channels to the model and back. */
  async #runChannels(tile, channels, sigma) {
    if (channels === this.sidecar.channels) return this.runTile(tile, sigma);
    if (channels === 1) {
      return meanOfThree(await this.runTile(repeatThrice(tile), sigma));
    }
    const restored = new Float32Array(tile.length);
    for (let channel = 0; channel < 3; channel++) {
      const plane = await this.runTile(takeChannel(tile, channel), sigma);
      putChannel(restored, channel, plane);
    }
    return restored;
  }
}

function readTile({ pixels, width, channels }, rows, columns) {
  const tile = new Float32Array(rows.length * columns.length * channels);
  let target = 0;
  for (const row of rows) {
    for (const column of columns) {
      const source = (row * width + column) * channels;
      for (let c = 0; c < channels; c++) {
        tile[target++] = FLOAT_OF_BYTE[pixels[source + c]];
      }
    }
  }
  return tile;
}
