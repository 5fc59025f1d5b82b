/** @file LiteRT.js, loaded once in a worker. */

const MOST_THREADS = 8;
// A function that uses relaxed SIMD, which LiteRT's threaded build needs.
const RELAXED_SIMD = Uint8Array.of(
  0,
  97,
  115,
  109,
  1,
  0,
  0,
  0,
  1,
  5,
  1,
  96,
  0,
  1,
  123,
  3,
  2,
  1,
  0,
  10,
  15,
  1,
  13,
  0,
  65,
  1,
  253,
  15,
  65,
  2,
  253,
  15,
  253,
  128,
  2,
  11,
);

/**
 * Paths of the build of LiteRT that this browser loads without a network,
 * where the service worker sends the headers that threads need.
 *
 * @return {string[]}
 */
export function runtimeFiles() {
  const build = WebAssembly.validate(RELAXED_SIMD)
    ? "litert_wasm_threaded_internal"
    : "litert_wasm_compat_internal";
  return ["js", "wasm"].map((ending) => `litert/wasm/${build}.${ending}`);
}

/**
 * Threads that LiteRT runs on here: shared memory, and with it threads, is
 * there in isolated pages alone.
 *
 * @return {number}
 */
export function threadCount() {
  const shared = self.crossOriginIsolated && WebAssembly.validate(RELAXED_SIMD);
  const cores = navigator.hardwareConcurrency || 1;
  return shared ? Math.min(cores, MOST_THREADS) : 1;
}

/** @type {?Promise<object>} */
let library = null;

/**
 * Loads LiteRT.js and the build of it that the browser can run.
 *
 * @param {URL} folder Where LiteRT's files are served, with a slash.
 * @return {Promise<object>} The module.
 */
export function loadLibrary(folder) {
  library ??= load(folder);
  return library;
}

async function load(folder) {
  const module = await import(new URL("index.js", folder).href);
  const wasm = new URL("wasm/", folder).href;
  // In a worker, the build takes the worker's script for its own.
  self.Module = {
    locateFile: (name) => wasm + name,
    mainScriptUrlOrBlob: `${wasm}litert_wasm_threaded_internal.js`,
  };
  await module.loadLiteRt(wasm, { threads: threadCount() > 1 });
  return module;
}
