/** @file What the worker does: opens photos and restores them. */

import { Engine } from "./engine.js";
import { ModelError, PhotoError } from "./errors.js";
import { fetchModel, fetchSchema, fetchSidecar } from "./models.js";
import { readPhoto } from "./photo.js";
import { writePng } from "./png_writer.js";
import { Restorer } from "./restorer.js";
import { loadLibrary } from "./runtime.js";

const SITE = new URL("../", self.location.href);
const MODELS = new URL("models/", SITE);

/** The photo and the model of the last request: the next may want them. */
const kept = { photo: null, photoId: null, engine: null, model: null };

/**
 * Does what the page asks for and answers with one message of the type
 * "done" or "failed", after any number of the type "progress".
 *
 * @param {{type: string}} request
 */
export async function handle(request) {
  try {
    const answer = await { open, restore }[request.type](request);
    self.postMessage({ type: "done", ...answer });
  } catch (error) {
    self.postMessage({ type: "failed", sentence: sentenceOf(error) });
  }
}

/** Reads a photo, so that a wrong file is told at once. */
async function open({ id, file }) {
  const photo = await photoOf(id, file);
  const { width, height, notes, turned } = photo;
  // Not every browser turns PNG and WebP by their EXIF block.
  const upright = turned ? await writePng(photo) : null;
  return { width, height, notes, upright };
}

async function restore({ id, file, model, strength, sigma }) {
  tell("loading", 0, 1);
  const engine = await engineOf(model);
  tell("reading", 0, 1);
  const photo = await photoOf(id, file);
  const restorer = new Restorer(engine.sidecar, (tile, level) =>
    engine.run(tile, level),
  );
  const started = performance.now();
  const pixels = await restorer.restore(photo, {
    strength,
    sigma,
    progress: (done, total) => tell("restoring", done, total),
  });
  const seconds = (performance.now() - started) / 1000;
  tell("writing", 0, 1);
  const blob = await writePng({ ...photo, pixels });
  return { blob, seconds, notes: photo.notes };
}

async function photoOf(id, file) {
  if (kept.photoId !== id) {
    Object.assign(kept, { photo: null, photoId: null });
    Object.assign(kept, { photo: await readPhoto(file), photoId: id });
  }
  return kept.photo;
}

async function engineOf(model) {
  const library = await loadLibrary(new URL("litert/", SITE));
  if (kept.model !== model.sidecar_sha256) {
    kept.engine?.delete();
    Object.assign(kept, { engine: null, model: null });
    const schema = await fetchSchema(SITE);
    const sidecar = await fetchSidecar(MODELS, model, schema);
    const content = await fetchModel(MODELS, model, sidecar);
    const engine = await Engine.create(library, content, sidecar);
    Object.assign(kept, { engine, model: model.sidecar_sha256 });
  }
  return kept.engine;
}

function tell(stage, done, total) {
  self.postMessage({ type: "progress", stage, done, total });
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
