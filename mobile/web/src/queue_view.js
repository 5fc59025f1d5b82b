/** @file The list of several photos below the one that is open. */

import { Queue } from "./queue.js";
import { download } from "./saver.js";
import { StudioClient } from "./studio_client.js";
import { describeProgress } from "./wording.js";
import { writeZip } from "./zip.js";

const STATES = {
  waiting: "Waiting",
  working: "Restoring…",
  done: "Done",
  failed: "Not restored",
};
const ZIP_NAME = "restored_photos.zip";

/** The list with its buttons. */
export class QueueView {
  #steps;
  #rows = new Map();

  /**
   * @param {Document} page Where the elements of `index.html` are.
   * @param {object} steps
   * @param {() => object} steps.settings Model, strength, noise level and
   *     `format`, as the worker takes them.
   * @param {(name: string, ending: string) => string} steps.nameOf Name of a
   *     result.
   * @param {(file: File) => void} steps.open Opens a photo above.
   * @param {(running: boolean) => void} steps.onRun
   * @param {(sentence: string) => void} steps.say
   * @param {(sentence: string) => void} steps.onError
   */
  constructor(page, steps) {
    for (const name of ["title", "list", "run", "cancel", "zip", "clear"]) {
      this[name] = page.getElementById(`queue-${name}`);
    }
    this.section = page.getElementById("queue");
    this.#steps = steps;
    this.queue = new Queue(new StudioClient(), () => this.#show());
    this.run.addEventListener("click", () => this.#run());
    this.cancel.addEventListener("click", () => this.queue.cancel());
    this.zip.addEventListener("click", () => this.#zip());
    this.clear.addEventListener("click", () => this.queue.clear());
  }

  /** @param {File[]} files */
  add(files) {
    this.queue.add(files);
  }

  async #run() {
    const { nameOf, onRun, say, onError } = this.#steps;
    const settings = this.#steps.settings();
    onError("");
    onRun(true);
    const running = this.queue.run(
      settings,
      (name) => nameOf(name, settings.format.ending),
      (progress) => describeProgress(progress, 0, 0),
    );
    say(`Restoring ${this.queue.items.length} photos…`);
    this.cancel.focus();
    await running;
    onRun(false);
    const { items, results } = this.queue;
    say(`${results.length} of ${items.length} photos are restored.`);
    (results.length ? this.zip : this.run).focus();
  }

  async #zip() {
    try {
      download(await writeZip(this.queue.results), ZIP_NAME);
      for (const item of this.queue.items) item.saved = true;
      this.#steps.say(`Saved as ${ZIP_NAME}.`);
    } catch (error) {
      this.#steps.onError(error.message);
    }
  }

  #show() {
    const { items, running, results } = this.queue;
    this.section.hidden = !items.length;
    this.title.textContent = `${items.length} photos`;
    this.run.hidden = this.clear.hidden = running;
    this.cancel.hidden = !running;
    this.zip.hidden = running || !results.length;
    for (const [item, row] of this.#rows) {
      if (items.includes(item)) continue;
      row.remove();
      this.#rows.delete(item);
    }
    for (const item of items) {
      if (!this.#rows.has(item)) this.#addRow(item);
      showRow(this.#rows.get(item), item);
    }
  }

  #addRow(item) {
    const row = document.createElement("li");
    const name = document.createElement("button");
    name.className = "quiet name";
    name.textContent = item.file.name;
    name.addEventListener("click", () => this.#steps.open(item.file));
    const text = document.createElement("span");
    const save = document.createElement("button");
    save.textContent = "Save";
    save.setAttribute("aria-label", `Save ${item.file.name}`);
    save.addEventListener("click", () => {
      download(item.result, item.result.name);
      item.saved = true;
    });
    row.append(name, text, save);
    this.#rows.set(item, row);
    this.list.append(row);
  }
}

function showRow(row, { state, text, result }) {
  const [, told, save] = row.children;
  row.dataset.state = state;
  const words = state === "working" && text ? [text] : [STATES[state], text];
  told.textContent = words.filter(Boolean).join(". ");
  save.hidden = !result;
}
