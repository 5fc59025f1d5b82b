/** @file The photo that is open, and the pictures that were made of it. */

/**
 * What is set on the page.
 *
 * @typedef {object} Settings
 * @property {import("./models.js").ModelEntry} model
 * @property {number} strength 0 to 2.
 * @property {number} sigma Noise level.
 * @property {boolean} told Whether the model takes the noise level.
 * @property {boolean} gpu Whether the graphics processor may be used.
 * @property {number} scale By which the model enlarges.
 */

/** A photo with its results, for as long as it is on the page. */
export class OpenPhoto {
  /** Model and noise level of the results. */
  #key = null;
  #passes = 0;
  /** @type {Map<number, {blob: Blob, address: string}>} By strength. */
  #pictures = new Map();

  /**
   * @param {number} id
   * @param {Blob} file
   * @param {{width: number, height: number, alpha: boolean,
   *     upright: ?Blob}} opened What the worker tells of it.
   */
  constructor(id, file, { width, height, alpha, upright }) {
    Object.assign(this, { id, file, width, height, alpha });
    this.name = file.name ?? "photo";
    this.before = URL.createObjectURL(upright ?? file);
    /** Whether there is a result that was not saved. */
    this.unsaved = false;
    this.megapixels = (width * height) / 1e6;
  }

  /**
   * Whether the worker needs no run of the network for these settings.
   *
   * @param {Settings} settings
   * @return {boolean}
   */
  isKept(settings) {
    return this.#key === keyOf(settings) && this.#passes >= passesOf(settings);
  }

  /**
   * How settings are shown: the picture at which strength, and how much of it
   * over the photo. Opaque photos need no other picture for another strength.
   *
   * @param {Settings} settings
   * @return {{strength: number, opacity: number}}
   */
  look({ strength, told }) {
    const over = !told && !this.alpha && strength <= 1;
    return over ? { strength: 1, opacity: strength } : { strength, opacity: 1 };
  }

  /**
   * @param {Settings} settings
   * @return {?{blob: Blob, address: string}} The picture that `look` asks
   *     for, if there is one.
   */
  picture(settings) {
    if (this.#key !== keyOf(settings)) return null;
    return this.#pictures.get(this.look(settings).strength) ?? null;
  }

  /**
   * Keeps the picture that `look` asks for.
   *
   * @param {Settings} settings
   * @param {Blob} blob
   */
  keep(settings, blob) {
    if (this.#key !== keyOf(settings)) this.forget();
    this.#key = keyOf(settings);
    this.#passes = Math.max(this.#passes, passesOf(settings));
    // The one at full strength, for all below, and one other.
    for (const strength of this.#pictures.keys()) {
      if (strength !== 1) this.#drop(strength);
    }
    const { strength } = this.look(settings);
    this.#drop(strength);
    const address = URL.createObjectURL(blob);
    this.#pictures.set(strength, { blob, address });
    this.unsaved = true;
  }

  /** Forgets the results. */
  forget() {
    for (const strength of this.#pictures.keys()) this.#drop(strength);
    this.#key = null;
    this.#passes = 0;
    this.unsaved = false;
  }

  /**
   * Width and height of what a model makes of it.
   *
   * @param {{scale: number}} settings
   * @return {{width: number, height: number}}
   */
  sizeAfter({ scale }) {
    return { width: this.width * scale, height: this.height * scale };
  }

  /** Frees what the browser holds for it. */
  close() {
    this.forget();
    URL.revokeObjectURL(this.before);
  }

  #drop(strength) {
    const picture = this.#pictures.get(strength);
    if (picture) URL.revokeObjectURL(picture.address);
    this.#pictures.delete(strength);
  }
}

function passesOf({ strength, told }) {
  return strength > 1 && !told ? 2 : 1;
}

/** Another key is another run of the network. */
function keyOf({ model, strength, sigma, told, gpu }) {
  return [model?.name, told ? strength * sigma : "", gpu].join(" ");
}
