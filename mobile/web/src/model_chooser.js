/** @file The choice of a model, the strength and the noise level. */

import { fetchCatalog, fetchSchema, fetchSidecar } from "./models.js";

const SITE = new URL("../", import.meta.url);
const MODELS = new URL("models/", SITE);
// Noise that a phone makes in the evening, on the 0..255 scale.
const DEFAULT_SIGMA = 25;

/** The controls above the button. */
export class ModelChooser {
  #entries = new Map();
  #schema = null;
  #callbacks;

  /**
   * @param {Document} page Where the elements of `index.html` are.
   * @param {{onChange: () => void, onError: (sentence: string) => void}}
   *     callbacks
   */
  constructor(page, callbacks) {
    for (const id of ["model", "about", "strength", "noise", "sigma"]) {
      this[id] = page.getElementById(id);
    }
    this.strengthText = page.getElementById("strength-text");
    this.sigmaText = page.getElementById("sigma-text");
    this.#callbacks = callbacks;
    this.model.addEventListener("change", () => this.#change());
    for (const slider of [this.strength, this.sigma]) {
      slider.addEventListener("input", () => {
        this.#write();
        callbacks.onChange();
      });
    }
    this.#write();
  }

  /** Fetches the list of models and offers them. */
  async load() {
    try {
      const catalog = await fetchCatalog(MODELS);
      this.#schema = await fetchSchema(SITE);
      for (const entry of catalog.models) {
        this.#entries.set(entry.name, entry);
        this.model.add(new Option(entry.title, entry.name));
      }
      this.model.value = catalog.default;
      await this.#describe();
    } catch (error) {
      this.#callbacks.onError(error.message);
    }
  }

  /** What the worker is to be told. */
  get settings() {
    return {
      model: this.#entry,
      strength: Number(this.strength.value),
      sigma: this.noise.hidden ? 0 : Number(this.sigma.value),
    };
  }

  /** Paths of the files of the model that is offered first. */
  get defaultFiles() {
    return this.#entry ? [`models/${this.#entry.tflite}`] : [];
  }

  get #entry() {
    return this.#entries.get(this.model.value);
  }

  async #change() {
    this.#callbacks.onChange();
    this.#callbacks.onError("");
    try {
      await this.#describe();
    } catch (error) {
      this.#callbacks.onError(error.message);
    }
  }

  async #describe() {
    const entry = this.#entry;
    this.about.textContent = "";
    this.noise.hidden = true;
    const sidecar = await fetchSidecar(MODELS, entry, this.#schema);
    if (entry !== this.#entry) return;
    const size = `${(entry.bytes / 1e6).toFixed(1)} MB`;
    const license = sidecar.license || "not told";
    this.about.textContent = `${size}. Licence: ${license}.`;
    this.noise.hidden = !sidecar.sigma_input;
    const [low, high] = sidecar.sigma_range;
    this.sigma.min = low;
    this.sigma.max = high;
    this.sigma.value = Math.min(Math.max(DEFAULT_SIGMA, low), high);
    this.#write();
  }

  #write() {
    const percent = Math.round(100 * Number(this.strength.value));
    this.strengthText.value = `${percent} %`;
    this.sigmaText.value = this.sigma.value;
  }
}
