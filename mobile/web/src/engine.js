/** @file One `.tflite` in LiteRT.js, checked against its sidecar. */

import { ModelError } from "./errors.js";
import { FLOAT_OF_BYTE, writeBytes } from "./pixels.js";
import { threadCount } from "./runtime.js";
import { shown } from "./schema.js";

/** Runs tiles of a model. */
export class Engine {
  /**
   * Compiles a model, compares it with its sidecar and lets it answer the
   * sidecar's self-test, so that a browser that computes otherwise is found.
   *
   * @param {object} library LiteRT.js.
   * @param {Uint8Array} content The `.tflite`.
   * @param {object} sidecar
   * @param {"wasm"|"webgpu"} [accelerator]
   * @return {Promise<Engine>}
   * @throws {ModelError} If LiteRT.js does not take the model or it is not
   *     the one that the sidecar speaks of.
   */
  static async create(library, content, sidecar, accelerator = "wasm") {
    const options =
      accelerator === "wasm"
        ? { cpuOptions: { numThreads: threadCount() } }
        : // Nearer to the main processor than 16 bits are.
          { gpuOptions: { precision: "fp32" } };
    const model = await inSentence(sidecar, () =>
      library.loadAndCompile(content, { accelerator, ...options }),
    );
    const engine = new Engine(library, model, sidecar, accelerator);
    try {
      engine.#check();
      await engine.#selfTest();
    } catch (error) {
      engine.delete();
      throw error;
    }
    return engine;
  }

  constructor(library, model, sidecar, accelerator) {
    Object.assign(this, { library, model, sidecar, accelerator });
    const { tile, scale, channels } = sidecar;
    this.shape = [1, ...tile, channels];
    this.restoredShape = [1, ...tile.map((side) => side * scale), channels];
  }

  /**
   * Runs one tile.
   *
   * @param {Float32Array} tile Values in [0, 1], row by row.
   * @param {number} sigma Noise level; not looked at where the model takes
   *     none.
   * @return {Promise<Float32Array>}
   * @throws {ModelError} If LiteRT.js fails or gives what is no number.
   */
  async run(tile, sigma) {
    const { io, sigma_input: told } = this.sidecar;
    const inputs = {};
    let outputs = {};
    let restored;
    try {
      await inSentence(this.sidecar, async () => {
        inputs.image = this.#tensor(asType(tile, io.image), this.shape);
        if (told) inputs.sigma = this.#tensor(Float32Array.of(sigma), [1]);
        outputs = await this.model.run(inputs);
        restored = await outputs.restored.data();
      });
    } finally {
      // Tensors lie in LiteRT's memory, which nobody tidies up.
      for (const tensor of Object.values({ ...inputs, ...outputs })) {
        tensor.delete();
      }
    }
    if (io.restored === "uint8") {
      return Float32Array.from(restored, (byte) => FLOAT_OF_BYTE[byte]);
    }
    if (!restored.every(Number.isFinite)) {
      throw new ModelError(
        `${this.sidecar.name} gives values that are no finite numbers; ` +
          "choose another model.",
      );
    }
    return restored;
  }

  /** Frees the model. */
  delete() {
    this.model.delete();
  }

  #tensor(values, shape) {
    return new this.library.Tensor(values, shape);
  }

  #check() {
    const { io, name } = this.sidecar;
    const wanted = { image: describe(io.image, this.shape) };
    if (this.sidecar.sigma_input) wanted.sigma = describe("float32", [1]);
    for (const [details, told] of [
      [this.model.getInputDetails(), wanted],
      [
        this.model.getOutputDetails(),
        { restored: describe(io.restored, this.restoredShape) },
      ],
    ]) {
      const found = Object.fromEntries(
        details.map((one) => [one.name, describe(one.dtype, [...one.shape])]),
      );
      if (sorted(found) !== sorted(told)) {
        throw new ModelError(
          `${name} does not fit its sidecar: it has ${sorted(found)}, the ` +
            `sidecar speaks of ${sorted(told)}; export the model again.`,
        );
      }
    }
  }

  async #selfTest() {
    const { name, channels, self_test: test } = this.sidecar;
    if (!test) return;
    const [, width] = this.sidecar.tile;
    const restored = await this.run(testImage(this.sidecar), test.sigma);
    for (const [y, x, values] of test.pixels) {
      const at = (y * width * this.sidecar.scale + x) * channels;
      const found = Array.from(restored.subarray(at, at + channels));
      const close = values.every(
        (value, c) => Math.abs(found[c] - value) <= test.tolerance,
      );
      if (!close) {
        throw new ModelError(
          `${name} gives ${shown(found)} for a test picture, its sidecar ` +
            `speaks of ${shown(values)}; choose another model or browser.`,
        );
      }
    }
  }
}

/**
 * The picture of the self-test.
 *
 * @param {object} sidecar
 * @return {Float32Array} One tile.
 */
export function testImage({ tile: [height, width], channels }) {
  const image = new Float32Array(height * width * channels);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++, i++) {
        const value = 3 * x * x + 5 * x * y + 7 * y * y + 31 * c;
        image[i] = FLOAT_OF_BYTE[value & 255];
      }
    }
  }
  return image;
}

function asType(values, type) {
  if (type === "float32") return values;
  const bytes = new Uint8Array(values.length);
  writeBytes(values, bytes);
  return bytes;
}

function describe(type, shape) {
  return `${type} ${shape.join("x")}`;
}

function sorted(tensors) {
  return Object.entries(tensors)
    .map(([name, type]) => `${name} (${type})`)
    .sort()
    .join(", ");
}

async function inSentence({ name }, step) {
  try {
    return await step();
  } catch (error) {
    const reason = String(error?.message ?? error).replace(/\s+/g, " ");
    throw new ModelError(
      `${name} is not a model that this browser can run (` +
        `${reason.slice(0, 150)}); choose another model.`,
    );
  }
}
