/** @file Several photos, restored one after the other. */

import { Cancelled } from "./studio_client.js";

/**
 * A photo in the queue.
 *
 * @typedef {object} Item
 * @property {string} id
 * @property {File} file
 * @property {"waiting"|"working"|"done"|"failed"} state
 * @property {string} text What is said of it.
 * @property {?File} result
 * @property {boolean} saved Whether the result was saved.
 */

const WAITING = { state: "waiting", text: "", result: null, saved: false };

/** Photos with what became of them. */
export class Queue {
  /** @type {Item[]} */
  items = [];
  running = false;
  #ids = 0;
  #client;
  #onChange;

  /**
   * @param {import("./studio_client.js").StudioClient} client Of a worker of
   *     its own.
   * @param {() => void} onChange Called after every change.
   */
  constructor(client, onChange) {
    this.#client = client;
    this.#onChange = onChange;
  }

  /** Whether there are results that were not saved. */
  get unsaved() {
    return this.items.some(({ result, saved }) => result && !saved);
  }

  /** The finished files. */
  get results() {
    return this.items.map(({ result }) => result).filter(Boolean);
  }

  /** @param {File[]} files */
  add(files) {
    for (const file of files) {
      const id = `queue ${++this.#ids}`;
      this.items.push({ id, file, ...WAITING });
    }
    this.#onChange();
  }

  /**
   * Restores all photos anew; one that fails does not stop the others.
   *
   * @param {object} settings As the worker takes them.
   * @param {(name: string) => string} nameOf Name of a result by its photo's.
   * @param {(progress: object, item: Item) => string} describe
   * @return {Promise<void>} When all are done or it is cancelled.
   */
  async run(settings, nameOf, describe) {
    for (const item of this.items) {
      Object.assign(item, WAITING);
    }
    this.running = true;
    this.#onChange();
    try {
      for (const item of this.items) {
        await this.#restore(item, settings, nameOf, describe);
      }
    } catch (error) {
      if (!(error instanceof Cancelled)) throw error;
    } finally {
      this.running = false;
      // Its memory is wanted for the photo that is open.
      this.#client.end();
      this.#onChange();
    }
  }

  async #restore(item, settings, nameOf, describe) {
    const { id, file } = item;
    item.state = "working";
    this.#onChange();
    try {
      const { blob, notes } = await this.#client.ask(
        { type: "save", id, file, ...settings },
        (progress) => {
          item.text = describe(progress, item);
          this.#onChange();
        },
      );
      const type = blob.type;
      item.result = new File([blob], nameOf(file.name), { type });
      Object.assign(item, { state: "done", text: notes.join(" ") });
    } catch (error) {
      if (error instanceof Cancelled) {
        Object.assign(item, WAITING);
        throw error;
      }
      Object.assign(item, { state: "failed", text: error.message });
    }
    this.#onChange();
  }

  /** Stops; what is done stays. */
  cancel() {
    this.#client.cancel();
  }

  /** Forgets all photos. */
  clear() {
    this.cancel();
    this.items = [];
    this.#onChange();
  }
}
