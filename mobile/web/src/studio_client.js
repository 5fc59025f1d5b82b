/** @file The page's side of the worker. */

/** A request that was given up. */
export class Cancelled extends Error {}

/** Sends one request at a time to a worker that can be ended at any time. */
export class StudioClient {
  #worker = null;
  #reject = null;

  /**
   * Has the worker do something.
   *
   * @param {{type: string}} request As `studio.js` takes it.
   * @param {(message: object) => void} [onProgress]
   * @return {Promise<object>} The worker's answer.
   * @throws {Error} With the worker's sentence.
   * @throws {Cancelled} If `cancel` was called meanwhile.
   */
  ask(request, onProgress) {
    this.cancel();
    this.#worker ??= new Worker(new URL("worker.js", import.meta.url));
    const worker = this.#worker;
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      const fail = (sentence) => {
        // A module that failed in the middle is not to be trusted again.
        this.#end();
        reject(new Error(sentence));
      };
      worker.onmessage = ({ data }) => {
        if (data.type === "progress") return onProgress?.(data);
        if (data.type === "failed") return fail(data.sentence);
        this.#reject = null;
        resolve(data);
      };
      worker.onerror = (event) => {
        event.preventDefault();
        fail("The page did not load as a whole; reload it.");
      };
      worker.postMessage(request);
    });
  }

  /** Ends what the worker does, in the middle of a tile if need be. */
  cancel() {
    if (!this.#reject) return;
    const reject = this.#reject;
    this.#end();
    reject(new Cancelled("Cancelled."));
  }

  #end() {
    this.#worker?.terminate();
    this.#worker = null;
    this.#reject = null;
  }
}
