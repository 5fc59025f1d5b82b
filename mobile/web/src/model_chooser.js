/** @file The choice of a model, the strength and the noise level. */

import { nameModels, purposeOf } from "./model_names.js";
import { fetchCatalog, fetchSchema, fetchSidecar } from "./models.js";

const SITE = new URL("../", import.meta.url);
const MODELS = new URL("models/", SITE);
// Noise that a phone makes in the evening, on the 0..255 scale.
const DEFAULT_SIGMA = 25;

/** The controls above the button. */
export class ModelChooser {
  #entries = new Map();
  #sidecars = new Map();
  #schema = null;
  #callbacks;
  #scale = 1;

  /**
   * @param {Document} page Where the elements of `index.html` are.
   * @param {{onChange: () => void, onError: (sentence: string) => void}}
   *     callbacks
   */
  constructor(page, callbacks) {
    for (const id of ["model", "dial", "strength", "noise", "sigma", "gpu"]) {
      this[id] = page.getElementById(id);
    }
    this.about = page.getElementById("about");
    this.detail = page.getElementById("detail");
    this.strengthText = page.getElementById("strength-text");
    this.sigmaText = page.getElementById("sigma-text");
    this.#callbacks = callbacks;
    page.getElementById("gpu-choice").hidden = !("gpu" in navigator);
    this.model.addEventListener("change", () => this.#change());
    this.gpu.addEventListener("change", () => callbacks.onChange());
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
      await this.#offer(catalog);
      await this.#describe();
    } catch (error) {
      this.#callbacks.onError(error.message);
    }
  }

  /** What the worker is to be told. */
  get settings() {
    return {
      model: this.#entry,
      strength: this.dial.hidden ? 1 : Number(this.strength.value),
      sigma: this.noise.hidden ? 0 : Number(this.sigma.value),
      told: !this.noise.hidden,
      scale: this.#scale,
      gpu: this.gpu.checked,
    };
  }

  /** Paths of the files of the model that is offered first. */
  get defaultFiles() {
    return this.#entry ? [`models/${this.#entry.tflite}`] : [];
  }

  /** Titles of all models by the paths of their files. */
  get titles() {
    return new Map(
      [...this.model.options].map(({ value, textContent }) => [
        `models/${this.#entries.get(value).tflite}`,
        textContent,
      ]),
    );
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

  async #offer({ models, default: preferred }) {
    for (const entry of models) this.#entries.set(entry.name, entry);
    const sidecars = await Promise.all(
      // What is wrong with a model is told when it is chosen.
      models.map((entry) => this.#sidecarOf(entry).catch(() => null)),
    );
    const { main, versions } = nameModels(models, sidecars, preferred);
    const others = document.createElement("optgroup");
    others.label = "Other versions";
    const option = ({ name, title }) => new Option(title, name);
    others.append(...versions.map(option));
    this.model.append(
      ...main.map(option),
      ...(versions.length ? [others] : []),
    );
    this.model.value = preferred;
  }

  async #sidecarOf(entry) {
    if (!this.#sidecars.has(entry.name)) {
      const sidecar = await fetchSidecar(MODELS, entry, this.#schema);
      this.#sidecars.set(entry.name, sidecar);
    }
    return this.#sidecars.get(entry.name);
  }

  async #describe() {
    const entry = this.#entry;
    this.about.textContent = "";
    this.detail.textContent = "";
    this.noise.hidden = true;
    this.#scale = 1;
    this.dial.hidden = false;
    const sidecar = await this.#sidecarOf(entry);
    if (entry !== this.#entry) return;
    this.about.textContent = purposeOf(sidecar).about;
    const size = `${(entry.bytes / 1e6).toFixed(1)} MB`;
    const license = sidecar.license || "not told";
    this.detail.textContent =
      `${entry.tflite}, ${size}, ${sidecar.quantization}. ` +
      `Licence: ${license}.`;
    this.noise.hidden = !sidecar.sigma_input;
    this.#scale = sidecar.scale;
    // One dial: a noise level is a strength in itself.
    this.dial.hidden = sidecar.scale > 1 || sidecar.sigma_input;
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
