/** @file The controls that save, share and copy the result. */

/** Formats by the value of the choice. */
export const FORMATS = {
  png: { type: "image/png", ending: "png" },
  jpeg: { type: "image/jpeg", ending: "jpg" },
  webp: { type: "image/webp", ending: "webp" },
};

/**
 * Has the browser save a file.
 *
 * @param {Blob} blob
 * @param {string} name
 */
export function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // Browsers tell nobody when they have read it.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** The choice of a format and the three buttons. */
export class Saver {
  #steps;
  /** What was made last, as sharing may need a second press. */
  #made = { key: null, file: null };

  /**
   * @param {Document} page Where the elements of `index.html` are.
   * @param {object} steps
   * @param {(format: {type: string, quality: number}) =>
   *     Promise<{blob: Blob, notes: string[]}>} steps.make Gives the result.
   * @param {() => string} steps.key Another key is another result.
   * @param {(ending: string) => string} steps.name Name of the file.
   * @param {(sentence: string) => void} steps.onSaved
   * @param {(sentence: string) => void} steps.onError
   */
  constructor(page, steps) {
    for (const id of ["format", "quality", "lossy", "download"]) {
      this[id] = page.getElementById(id);
    }
    this.share = page.getElementById("share");
    this.copy = page.getElementById("copy");
    this.qualityText = page.getElementById("quality-text");
    this.#steps = steps;
    this.share.hidden = !canShare();
    this.copy.hidden = !("ClipboardItem" in self && navigator.clipboard);
    for (const control of [this.format, this.quality]) {
      control.addEventListener("input", () => this.#write());
    }
    this.#listen(this.download, async () => {
      const file = await this.#file();
      download(file, file.name);
      return `Saved as ${file.name}.`;
    });
    this.#listen(this.share, () => this.#share());
    this.#listen(this.copy, () => this.#copy());
    this.#write();
  }

  /** What is chosen, as the worker takes it. */
  get chosen() {
    const { type, ending } = FORMATS[this.format.value];
    return { type, ending, quality: Number(this.quality.value) / 100 };
  }

  async #file() {
    const { ending, ...format } = this.chosen;
    const key = JSON.stringify([this.#steps.key(), format]);
    if (this.#made.key !== key) {
      const { blob, notes } = await this.#steps.make(format);
      const file = new File([blob], this.#steps.name(ending), {
        type: blob.type,
      });
      this.#made = { key, file, notes };
    }
    return this.#made.file;
  }

  async #share() {
    const file = await this.#file();
    try {
      await navigator.share({ files: [file] });
      return "Shared.";
    } catch (error) {
      if (error.name === "AbortError") return null;
      // The press is forgotten if writing the file took long.
      if (
        error.name === "NotAllowedError" &&
        !navigator.userActivation?.isActive
      )
        return "The picture is ready: press Share once more.";
      throw new Error("The browser cannot share this picture; save it.");
    }
  }

  async #copy() {
    // Only PNG goes to the clipboard. The item is made before the picture, as
    // Safari wants it while the press is fresh.
    const png = { type: "image/png", quality: 1 };
    const blob = this.#steps.make(png).then((made) => made.blob);
    try {
      await navigator.clipboard.write([
        new ClipboardItem({ [png.type]: blob }),
      ]);
    } catch {
      await blob;
      throw new Error(
        "The browser did not let the picture be copied; save it.",
      );
    }
    return "Copied.";
  }

  #listen(button, act) {
    button.addEventListener("click", async () => {
      const buttons = [this.download, this.share, this.copy];
      for (const one of buttons) one.disabled = true;
      this.#steps.onError("");
      try {
        const said = await act();
        const notes = button === this.copy ? [] : (this.#made.notes ?? []);
        if (said) this.#steps.onSaved([said, ...notes].join(" "));
      } catch (error) {
        this.#steps.onError(error.message);
      } finally {
        for (const one of buttons) one.disabled = false;
        button.focus({ preventScroll: true });
      }
    });
  }

  #write() {
    this.lossy.hidden = this.format.value === "png";
    this.qualityText.value = this.quality.value;
    const title = this.format.selectedOptions[0].textContent;
    this.download.textContent = `Save ${title}`;
  }
}

function canShare() {
  const file = new File([""], "a.png", { type: "image/png" });
  return Boolean(navigator.canShare?.({ files: [file] }));
}
