/**
 * @file One photo with one model: what the network gave is kept, so that
 * another strength is a blend and not another run.
 */

import { blend, writeBytes } from "./pixels.js";
import { enlargeAlpha, fillHidden, keepHidden } from "./transparency.js";

// Values of a pass that are kept as float32, which take 192 MB. Of larger
// photos the rounded bytes are kept: a strength below 1 is then within one
// step of Python's instead of equal to it.
const MOST_VALUES = 48e6;

/** What `ImageRestorer` is in Python, for one photo with 8 bits. */
export class Restoration {
  /** @type {(Float32Array|Uint8Array)[]} Full strength, once and twice. */
  #passes = [];
  /** The photo as the network sees it. */
  #visible;

  /**
   * @param {import("./restorer.js").Restorer} restorer
   * @param {import("./photo.js").Photo} photo
   * @param {object} [options]
   * @param {number} [options.sigma] Noise level, where the model takes it.
   * @param {number} [options.mostValues] Largest pass that is kept exactly.
   */
  constructor(restorer, photo, { sigma, mostValues = MOST_VALUES } = {}) {
    Object.assign(this, { restorer, photo, sigma, mostValues });
    this.plan = restorer.plan(photo);
    this.scale = restorer.sidecar.scale;
    this.#visible = fillHidden(photo);
    const { height, width, alpha } = photo;
    /** What the result has besides its pixels. */
    this.frame = {
      ...photo,
      height: height * this.scale,
      width: width * this.scale,
      alpha:
        alpha && this.scale > 1
          ? enlargeAlpha(alpha, height, width, this.scale)
          : alpha,
    };
  }

  /**
   * The photo at a strength; runs the network only if it has to.
   *
   * @param {number} strength 0 to 2; 1 is the model's answer. Below 1 it is
   *     blended with the photo, above 1 with a second pass. Models that take
   *     the noise level are told `strength * sigma` instead, and have the
   *     strength 1 here. Models that enlarge have no other.
   * @param {object} [options]
   * @param {object} [options.around] The part that is wanted first, as
   *     `runTiles` takes it.
   * @param {(done: number, total: number) => void} [options.progress] In
   *     tiles of the passes that are run.
   * @param {(part: object) => void} [options.show] Takes finished parts at
   *     this strength: `top`, `left`, `height`, `width` and `pixels`.
   * @return {Promise<Uint8Array>} Pixels of the result.
   */
  async restore(strength, { around, progress, show } = {}) {
    const passes = strength > 1 ? 2 : 1;
    const total = (passes - this.#passes.length) * this.plan.length;
    let done = 0;
    if (total > 0) progress?.(done, total);
    while (this.#passes.length < passes) {
      const pixels = this.#before(this.#passes.length);
      const share = this.#passes.length ? strength - 1 : Math.min(strength, 1);
      await this.#run(pixels, {
        around,
        tick: () => progress?.(++done, total),
        show: show && ((part, from) => show(this.#shown(part, from, share))),
      });
    }
    const last = passes - 1;
    if (this.scale > 1) return this.#passes[last];
    const restored = blend(
      this.#before(last),
      this.#passes[last],
      strength - last,
    );
    return this.photo.alpha ? keepHidden(restored, this.photo) : restored;
  }

  /** What a pass begins with. */
  #before(pass) {
    const visible = this.#visible;
    return pass ? blend(visible, this.#passes[pass - 1], 1) : visible;
  }

  #shown(part, from, share) {
    if (this.scale === 1) return blendPart(part, from, share);
    const pixels = new Uint8Array(part.values.length);
    writeBytes(part.values, pixels);
    const { top, left, height, width } = part;
    return { top, left, height, width, pixels };
  }

  async #run(pixels, { around, tick, show }) {
    // Without a strength nothing is blended later on.
    const exact = this.scale === 1 && pixels.length <= this.mostValues;
    const result = new (exact ? Float32Array : Uint8Array)(
      pixels.length * this.scale ** 2,
    );
    const photo = { ...this.photo, pixels };
    await this.restorer.run(photo, {
      sigma: this.sigma,
      around,
      tick,
      write: (part) => {
        copyPart(part, this.frame, result, exact);
        show?.(part, photo);
      },
    });
    this.#passes.push(result);
  }
}

function copyPart(part, { width, channels }, result, exact) {
  const line = part.width * channels;
  for (let y = 0; y < part.height; y++) {
    const values = part.values.subarray(y * line, (y + 1) * line);
    const at = ((part.top + y) * width + part.left) * channels;
    if (exact) result.set(values, at);
    else writeBytes(values, result.subarray(at, at + line));
  }
}

function blendPart(part, { pixels, width, channels }, strength) {
  const line = part.width * channels;
  const from = new Uint8Array(part.height * line);
  for (let y = 0; y < part.height; y++) {
    const at = ((part.top + y) * width + part.left) * channels;
    from.set(pixels.subarray(at, at + line), y * line);
  }
  const { top, left, height, width: across, values } = part;
  const blended = blend(from, values, strength);
  return { top, left, height, width: across, pixels: blended };
}
