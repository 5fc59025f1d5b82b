/** @file The parts of the result that are finished, while the rest is not. */

// Phones have no larger canvas; what is larger is shown smaller.
const MOST_PIXELS = 16e6;

/** A canvas over the photo. */
export class Preview {
  #scale = 1;
  #context;
  #part = document.createElement("canvas");

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.#context = canvas.getContext("2d");
  }

  /**
   * Empties the canvas.
   *
   * @param {{width: number, height: number}} size Of the result.
   * @param {number} opacity Of what will be shown.
   */
  begin({ width, height }, opacity) {
    this.#scale = Math.min(1, Math.sqrt(MOST_PIXELS / (width * height)));
    this.canvas.width = Math.max(1, Math.round(width * this.#scale));
    this.canvas.height = Math.max(1, Math.round(height * this.#scale));
    this.canvas.style.opacity = opacity;
  }

  /**
   * Shows a part.
   *
   * @param {{left: number, top: number, width: number, height: number,
   *     rgba: Uint8ClampedArray}} part
   */
  draw({ left, top, width, height, rgba }) {
    Object.assign(this.#part, { width, height });
    const context = this.#part.getContext("2d");
    context.putImageData(new ImageData(rgba, width, height), 0, 0);
    // Whole pixels, so that neighbours leave no line between them.
    const [x, right, y, bottom] = [left, left + width, top, top + height].map(
      (side) => Math.round(side * this.#scale),
    );
    this.#context.clearRect(x, y, right - x, bottom - y);
    this.#context.drawImage(this.#part, x, y, right - x, bottom - y);
  }

  /** Frees the memory of the canvas. */
  end() {
    Object.assign(this.canvas, { width: 1, height: 1 });
    Object.assign(this.#part, { width: 1, height: 1 });
  }
}
