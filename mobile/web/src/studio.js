/** @file What the worker does: opens photos and restores them. */

import { chooseEngine, findAdapter } from "./accelerator.js";
import { Engine } from "./engine.js";
import { ModelError, PhotoError } from "./errors.js";
import { fetchModel, fetchSchema, fetchSidecar } from "./models.js";
import { checkEnlarged, readPhoto } from "./photo.js";
import { writePicture } from "./picture_writer.js";
import { writePng } from "./png_writer.js";
import { Restoration } from "./restoration.js";
import { Restorer } from "./restorer.js";
import { toRgba } from "./rgba.js";
import { loadLibrary } from "./runtime.js";

const SITE = new URL("../", self.location.href);
const MODELS = new URL("models/", SITE);

/** What the last request needed: the next may need it too. */
const kept = {
  photo: null,
  photoId: null,
  engine: null,
  model: null,
  restoration: null,
  key: null,
};

/**
 * Does what the page asks for and answers with one message of the type
 * "done" or "failed", after any number of the types "progress" and "part".
 *
 * @param {{type: string, ticket: number}} request
 */
export async function handle(request) {
  const { type, ticket } = request;
  const tell = (message, transfer = []) =>
    self.postMessage({ ticket, ...message }, transfer);
  try {
    const answer = await { open, restore, save }[type](request, tell);
    tell({ type: "done", ...answer });
  } catch (error) {
    tell({ type: "failed", sentence: sentenceOf(error) });
  }
}

/** Reads a photo, so that a wrong file is told at once. */
async function open({ id, file }) {
  const photo = await photoOf(id, file);
  const { width, height, notes, turned } = photo;
  // Not every browser turns PNG and WebP by their EXIF block.
  const upright = turned ? await writePng(photo) : null;
  return { width, height, notes, upright, alpha: photo.alpha !== null };
}

async function restore(request, tell) {
  const progress = progressTo(tell);
  const { strength, restoration, accelerator } = await restorationOf(
    request,
    progress,
  );
  const { photo, frame } = restoration;
  const started = performance.now();
  const pixels = await restoration.restore(strength, {
    around: request.around,
    progress: (done, total) => progress("restoring", done, total),
    show: (part) => {
      const { pixels: shown, ...place } = part;
      const rgba = toRgba(shown, photo.channels, alphaOf(frame, part));
      tell({ type: "part", ...place, rgba }, [rgba.buffer]);
    },
  });
  const seconds = (performance.now() - started) / 1000;
  progress("writing");
  const blob = await writePng({ ...frame, pixels });
  return { blob, seconds, accelerator, notes: photo.notes };
}

/** The result as a file of another format or strength. */
async function save(request, tell) {
  const progress = progressTo(tell);
  const { strength, restoration } = await restorationOf(request, progress);
  const pixels = await restoration.restore(strength, {
    progress: (done, total) => progress("restoring", done, total),
  });
  progress("writing");
  return writePicture({ ...restoration.frame, pixels }, request.format);
}

function progressTo(tell) {
  return (stage, done = 0, total = 1) =>
    tell({ type: "progress", stage, done, total });
}

/** Photo, model and noise level of a request, with what is left to set. */
async function restorationOf(request, progress) {
  const { id, file, model, gpu, strength, sigma } = request;
  progress("loading");
  const engine = await engineOf(model, gpu);
  progress("reading");
  const photo = await photoOf(id, file);
  checkEnlarged(photo, engine.sidecar.scale);
  const told = engine.sidecar.sigma_input;
  const level = told ? strength * sigma : 0;
  const key = [id, model.sidecar_sha256, level].join(" ");
  if (kept.key !== key) {
    Object.assign(kept, { restoration: null, key: null });
    const restorer = new Restorer(engine.sidecar, (tile, one) =>
      engine.run(tile, one),
    );
    const restoration = new Restoration(restorer, photo, { sigma: level });
    Object.assign(kept, { restoration, key });
  }
  const { restoration } = kept;
  const { accelerator } = engine;
  return { strength: told ? 1 : strength, restoration, accelerator };
}

function alphaOf({ alpha, width: line }, { left, top, width, height }) {
  if (!alpha) return null;
  const part = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const at = (top + y) * line + left;
    part.set(alpha.subarray(at, at + width), y * width);
  }
  return part;
}

async function photoOf(id, file) {
  if (kept.photoId !== id) {
    Object.assign(kept, { photo: null, photoId: null });
    Object.assign(kept, { restoration: null, key: null });
    Object.assign(kept, { photo: await readPhoto(file), photoId: id });
  }
  return kept.photo;
}

/** The engine of a model, on the graphics processor if that is wished. */
async function engineOf(model, gpu) {
  const library = await loadLibrary(new URL("litert/", SITE));
  const wanted = `${model.sidecar_sha256} ${gpu}`;
  if (kept.model !== wanted) {
    kept.engine?.delete();
    Object.assign(kept, { engine: null, model: null });
    Object.assign(kept, { restoration: null, key: null });
    const schema = await fetchSchema(SITE);
    const sidecar = await fetchSidecar(MODELS, model, schema);
    const content = await fetchModel(MODELS, model, sidecar);
    const cpu = await Engine.create(library, content, sidecar);
    const engine = await chooseEngine(
      cpu,
      () => Engine.create(library, content, sidecar, "webgpu"),
      gpu ? await findAdapter() : null,
    );
    Object.assign(kept, { engine, model: wanted });
  }
  return kept.engine;
}

function sentenceOf(error) {
  if (error instanceof PhotoError || error instanceof ModelError) {
    return error.message;
  }
  if (
    error instanceof RangeError &&
    /alloc|memory|length/i.test(error.message)
  ) {
    return (
      "The memory does not suffice for this picture; close other tabs or " +
      "make the picture smaller."
    );
  }
  console.error(error);
  return `Something went wrong (${error?.message ?? error}); reload the page.`;
}
