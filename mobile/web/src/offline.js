/** @file Keeps the page on the device, so that it works without a network. */

import { runtimeFiles } from "./runtime.js";

/**
 * Registers the service worker and has it keep what this browser needs.
 *
 * @param {string[]} models Paths of the model files to keep.
 * @return {Promise<Set<string>>} Paths of all files that are on the device.
 */
export async function keepOffline(models) {
  if (!("serviceWorker" in navigator)) return new Set();
  try {
    await navigator.serviceWorker.register("service_worker.js");
    const { active } = await navigator.serviceWorker.ready;
    const { port1, port2 } = new MessageChannel();
    const answered = new Promise((resolve) => {
      port1.onmessage = ({ data }) => resolve(new Set(data));
    });
    active.postMessage({ keep: [...runtimeFiles(), ...models] }, [port2]);
    return await answered;
  } catch (error) {
    // Private windows and full disks: the page works, with a network.
    console.warn("The page is not kept for offline use.", error);
    return new Set();
  }
}

/**
 * What can be done without a network.
 *
 * @param {Set<string>} kept Paths of the files that are on the device.
 * @param {string[]} runtime Those that any model needs.
 * @param {Map<string, string>} models Titles of the models by the paths of
 *     their files.
 * @param {boolean} isolated Whether all cores are used already.
 * @return {string} In a sentence, or "" if nothing is kept.
 */
export function describeOffline(kept, runtime, models, isolated) {
  if (!kept.has("index.html")) return "";
  const titles = [...models].flatMap(([path, title]) =>
    kept.has(path) ? [title] : [],
  );
  if (!titles.length || !runtime.every((path) => kept.has(path))) {
    return "Opens without a network, but needs one to restore.";
  }
  const again = isolated ? "" : " Reload the page to use all cores.";
  return `Works without a network with: ${titles.join("; ")}.${again}`;
}
