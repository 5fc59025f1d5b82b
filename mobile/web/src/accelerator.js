/**
 * @file Whether the graphics processor restores: where there is one and it
 * agrees with the main processor.
 */

import { testImage } from "./engine.js";

// Of values in [0, 1]: two steps of a byte.
const MOST_APART = 2 / 255;

/**
 * The graphics processor, if there is a real one: one that is computed by the
 * main processor is slower than WebAssembly.
 *
 * @param {?GPU} [gpu]
 * @return {Promise<?GPUAdapter>}
 */
export async function findAdapter(gpu = globalThis.navigator?.gpu) {
  try {
    const adapter = await gpu?.requestAdapter({
      powerPreference: "high-performance",
    });
    return adapter && !adapter.info?.isFallbackAdapter ? adapter : null;
  } catch {
    return null;
  }
}

/**
 * Chooses the engine. The one that is not chosen is freed.
 *
 * @param {import("./engine.js").Engine} cpu
 * @param {() => Promise<import("./engine.js").Engine>} createGpu
 * @param {?GPUAdapter} adapter
 * @return {Promise<import("./engine.js").Engine>} On the graphics processor
 *     if one tile is within two steps of a byte of what the main processor
 *     makes of it.
 */
export async function chooseEngine(cpu, createGpu, adapter) {
  const { io, sigma_range: sigmas } = cpu.sidecar;
  // Bytes in and out are not among the types of graphics processors.
  if (!adapter || io.image !== "float32" || io.restored !== "float32") {
    return cpu;
  }
  let gpu = null;
  try {
    gpu = await createGpu();
    const image = testImage(cpu.sidecar);
    const sigma = (sigmas[0] + sigmas[1]) / 2;
    const wanted = await cpu.run(image, sigma);
    const found = await gpu.run(image, sigma);
    if (farthest(wanted, found) <= MOST_APART) {
      cpu.delete();
      return gpu;
    }
    console.warn("The graphics processor computes otherwise; it is not used.");
  } catch (error) {
    console.warn("The graphics processor cannot be used.", error);
  }
  gpu?.delete();
  return cpu;
}

/** As values that no byte is beyond: [0, 1]. */
function farthest(wanted, found) {
  const clip = (value) => Math.min(Math.max(value, 0), 1);
  let most = found.length === wanted.length ? 0 : Infinity;
  for (let i = 0; i < wanted.length; i++) {
    const apart = Math.abs(clip(found[i]) - clip(wanted[i]));
    // What is no number is far from any.
    if (!(apart <= most)) most = Number.isNaN(apart) ? Infinity : apart;
  }
  return most;
}
