/** @file Keeps the page on the device, so that it works without a network. */

import { runtimeFiles } from "./runtime.js";

/**
 * Registers the service worker and has it keep what this browser needs.
 *
 * @param {string[]} models Paths of the model files to keep.
 * @return {Promise<boolean>} Whether all is kept.
 */
export async function keepOffline(models) {
  if (!("serviceWorker" in navigator)) return false;
  try {
    await navigator.serviceWorker.register("service_worker.js");
    const { active } = await navigator.serviceWorker.ready;
    const { port1, port2 } = new MessageChannel();
    const answered = new Promise((resolve) => {
      port1.onmessage = ({ data }) => resolve(data === "kept");
    });
    active.postMessage({ keep: [...runtimeFiles(), ...models] }, [port2]);
    return await answered;
  } catch (error) {
    // Private windows and full disks: the page works, with a network.
    console.warn("The page is not kept for offline use.", error);
    return false;
  }
}
