/** @file The page's side of the worker. */

/** A request that was given up. */
export class Cancelled extends Error {}

/** Sends requests to a worker that can be ended at any time. */
export class StudioClient {
  #worker = null;
  #tickets = 0;
  /** Requests without an answer, by their ticket. */
  #waiting = new Map();

  /** Whether there is work that is not done. */
  get busy() {
    return this.#waiting.size > 0;
  }

  /**
   * Has the worker do something, after what it was asked for before.
   *
   * @param {{type: string}} request As `studio.js` takes it.
   * @param {(message: object) => void} [onProgress] Takes messages of the
   *     types "progress" and "part".
   * @return {Promise<object>} The worker's answer.
   * @throws {Error} With the worker's sentence.
   * @throws {Cancelled} If `cancel` was called meanwhile.
   */
  ask(request, onProgress) {
    this.#worker ??= this.#start();
    const ticket = ++this.#tickets;
    return new Promise((resolve, reject) => {
      this.#waiting.set(ticket, { resolve, reject, onProgress });
      this.#worker.postMessage({ ...request, ticket });
    });
  }

  /** Ends what the worker does, in the middle of a tile if need be. */
  cancel() {
    if (this.busy) this.end(new Cancelled("Cancelled."));
  }

  /**
   * Ends the worker.
   *
   * @param {Error} [reason] What those who wait are told.
   */
  end(reason = new Cancelled("Cancelled.")) {
    this.#worker?.terminate();
    this.#worker = null;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(reason);
  }

  #start() {
    const worker = new Worker(new URL("worker.js", import.meta.url));
    worker.onmessage = ({ data }) => {
      const request = this.#waiting.get(data.ticket);
      if (!request) return;
      if (data.type === "progress" || data.type === "part") {
        return request.onProgress?.(data);
      }
      // A module that failed in the middle is not to be trusted again.
      if (data.type === "failed") return this.end(new Error(data.sentence));
      this.#waiting.delete(data.ticket);
      request.resolve(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.end(new Error("The page did not load as a whole; reload it."));
    };
    return worker;
  }
}
