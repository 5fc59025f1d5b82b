/** @file Takes a photo of any size through a model, tile by tile. */

import {
  FLOAT_OF_BYTE,
  meanOfThree,
  putChannel,
  repeatThrice,
  takeChannel,
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

/** Takes photos with 8 bits through a model once, at full strength. */
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
   * Where the tiles of a photo lie.
   *
   * @param {{height: number, width: number}} photo
   * @return {TilePlan}
   */
  plan({ height, width }) {
    const { halo, feather } = tileContext(this.sidecar);
    return new TilePlan(height, width, this.sidecar.tile, halo, feather);
  }

  /**
   * Runs the model on every tile of a photo.
   *
   * @param {{pixels: Uint8Array, height: number, width: number,
   *     channels: number}} photo With 1 or 3 channels.
   * @param {object} options
   * @param {number} [options.sigma] Noise level, where the model takes it.
   * @param {(part: import("./tiling.js").Part) => void} options.write Takes
   *     finished parts.
   * @param {object} [options.around] As `runTiles` takes it.
   * @param {() => void} [options.tick] Called after each tile.
   */
  async run(photo, { sigma = 0, write, around, tick }) {
    await runTiles(this.plan(photo), {
      channels: photo.channels,
      scale: this.sidecar.scale,
      read: (rows, columns) => readTile(photo, rows, columns),
      run: (tile) => this.#runChannels(tile, photo.channels, sigma),
      write,
      around,
      tick,
    });
  }

  /** Fits a tile of 1 or 3 channels to the model and back. */
  async #runChannels(tile, channels, sigma) {
    if (channels === this.sidecar.channels) return this.runTile(tile, sigma);
    if (channels === 1) {
      return meanOfThree(await this.runTile(repeatThrice(tile), sigma));
    }
    const restored = new Float32Array(tile.length * this.sidecar.scale ** 2);
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
