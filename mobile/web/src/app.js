/** @file The page: what is shown when, and what each control does. */

import { CompareView } from "./compare_view.js";
import { fetchSample, listenForFiles } from "./file_intake.js";
import { ModelChooser } from "./model_chooser.js";
import { describeOffline, keepOffline } from "./offline.js";
import { OpenPhoto } from "./open_photo.js";
import { Preview } from "./preview.js";
import { runtimeFiles, threadCount } from "./runtime.js";
import { QueueView } from "./queue_view.js";
import { Saver } from "./saver.js";
import { takeShared } from "./shared.js";
import { Cancelled, StudioClient } from "./studio_client.js";
import {
  describeProgress,
  restoredName,
  sizeText,
  speedText,
} from "./wording.js";

// Milliseconds until a slider is taken to stand still.
const SETTLED = 150;

const element = (id) => document.getElementById(id);
const studio = new StudioClient();
const view = new CompareView(document);
const preview = new Preview(element("preview"));
const chooser = new ModelChooser(document, {
  onChange: settingsChanged,
  onError: showError,
});

const saver = new Saver(document, {
  make: makeFile,
  key: () => [photo.id, JSON.stringify(chooser.settings)].join(" "),
  name: (ending) => restoredName(photo.name, ending),
  onSaved: saved,
  onError: showError,
});

const several = new QueueView(document, {
  settings: () => ({ ...chooser.settings, format: saver.chosen }),
  nameOf: restoredName,
  open: openFile,
  onRun: (running) => (element("restore").disabled = running),
  say,
  onError: showError,
});

/** @type {?OpenPhoto} */
let photo = null;
let turn = 0;
/** Reads the file that was chosen last. */
let reader = new StudioClient();
let soon = 0;

/** Shows what belongs to a state: empty, opening, ready, busy or done. */
function show(state) {
  document.body.dataset.state = state;
  for (const part of document.querySelectorAll("[data-when]")) {
    part.hidden = !part.dataset.when.split(" ").includes(state);
  }
  for (const control of document.querySelectorAll("[data-busy]")) {
    control.disabled = state === "busy";
  }
  view.layout();
}

function showError(sentence) {
  element("error").hidden = !sentence;
  element("error-text").textContent = sentence;
}

/** For those who hear the page. */
function say(text) {
  element("status").textContent = text;
}

/**
 * Opens a photo. A worker of its own reads it first, so that a wrong file
 * ends neither a restoration nor the result before it.
 *
 * @return {Promise<boolean>} Whether it is open, or another was chosen since.
 */
async function openFile(file) {
  const name = file.name ?? "The photo";
  reader.end();
  reader = new StudioClient();
  const mine = reader;
  showError("");
  showOpening(name);
  try {
    const opened = await mine.ask({ type: "open", file });
    studio.cancel();
    photo?.close();
    photo = new OpenPhoto(++turn, file, opened);
    view.showBefore(photo.before, photo);
    element("caption").textContent = `${photo.name}, ${sizeText(photo)}`;
    element("caption").title = photo.name;
    show("ready");
    say(`${photo.name} is open.`);
    element("restore").focus({ preventScroll: true });
    return true;
  } catch (error) {
    if (error instanceof Cancelled) return true;
    showError(`${name}: ${error.message}`);
    if (!photo) show("empty");
    return false;
  } finally {
    if (mine === reader) showOpening(null);
    mine.end();
  }
}

/** Tells that a file is being read, where there is no photo yet. */
function showOpening(name) {
  element("opening").textContent = name ? `Opening ${name}…` : "";
  if (name) say(`Opening ${name}…`);
  if (name && !photo) show("opening");
}

/** Restores the photo; only the network's work is worth a progress bar. */
async function restore() {
  const mine = photo;
  const { settings } = chooser;
  if (!settings.model) {
    return showError("There is no model to restore with; reload the page.");
  }
  showError("");
  const look = photo.look(settings);
  const quick = photo.isKept(settings);
  if (!quick) {
    view.showAfter(null);
    view.setScale(settings.scale);
    show("busy");
    element("bar").removeAttribute("value");
    preview.begin(photo.sizeAfter(settings), look.opacity);
    element("cancel").focus({ preventScroll: true });
    say(`Restoring ${photo.name}…`);
  }
  try {
    const answer = await studio.ask(
      {
        type: "restore",
        id: photo.id,
        file: photo.file,
        ...settings,
        strength: look.strength,
        around: view.visiblePart,
      },
      quick ? undefined : progressWriter(),
    );
    if (mine !== photo) return;
    photo.keep(settings, answer.blob);
    showResult();
    if (quick) return;
    showFigures(answer);
    showRuntime(answer.accelerator);
    // The model may have been fetched for this.
    tellOffline();
    element("handle").focus({ preventScroll: true });
  } catch (error) {
    if (mine !== photo) return;
    // What the worker kept went with it.
    photo.forget();
    if (!(error instanceof Cancelled)) showError(error.message);
    say(error.message);
    view.showAfter(null);
    show("ready");
    element("restore").focus({ preventScroll: true });
  } finally {
    if (!quick) preview.end();
  }
}

/** Writes what the worker tells. */
function progressWriter() {
  let started = 0;
  return (message) => {
    if (message.type === "part") return preview.draw(message);
    if (message.stage === "restoring") {
      started ||= performance.now();
      element("bar").max = message.total;
      element("bar").value = message.done;
    }
    const seconds = (performance.now() - started) / 1000;
    element("progress-text").textContent = describeProgress(
      message,
      photo.megapixels,
      seconds,
    );
  };
}

function showFigures({ seconds, notes }) {
  const speed = speedText(photo.megapixels, seconds);
  const { settings } = chooser;
  const lines = [`Restored in ${seconds.toFixed(1)} s, ${speed}.`, ...notes];
  if (settings.scale > 1) {
    lines.unshift(`Enlarged to ${sizeText(photo.sizeAfter(settings))}.`);
  }
  element("saved").textContent = "";
  element("notes").replaceChildren(
    ...lines.map((line) => {
      const item = document.createElement("li");
      item.textContent = line;
      return item;
    }),
  );
  say(lines.join(" "));
}

/** Shows the picture of what is set, if there is one. */
function showResult() {
  const { settings } = chooser;
  const picture = photo.picture(settings);
  if (!picture) return;
  view.setScale(settings.scale);
  view.showAfter(picture.address, photo.look(settings).opacity);
  show("done");
}

/** The result as it is set, as a file. */
async function makeFile(format) {
  const { settings } = chooser;
  const picture = photo.picture(settings);
  const exact = picture && photo.look(settings).opacity === 1;
  if (exact && format.type === "image/png") {
    return { blob: picture.blob, notes: [] };
  }
  const { id, file } = photo;
  return studio.ask({ type: "save", id, file, ...settings, format });
}

function saved(sentence) {
  photo.unsaved = false;
  element("saved").textContent = sentence;
  say(sentence);
}

/** Another strength or model. */
function settingsChanged() {
  clearTimeout(soon);
  const { state } = document.body.dataset;
  if (state !== "done" && state !== "ready") return;
  const { settings } = chooser;
  if (photo.picture(settings)) {
    photo.unsaved = true;
    return showResult();
  }
  // The worker has what it takes: no run of the network, but a while.
  if (photo.isKept(settings)) {
    soon = setTimeout(restore, SETTLED);
    return;
  }
  view.showAfter(null);
  show("ready");
}

function listen() {
  listenForFiles(document, takeAll);
  element("sample").addEventListener("click", openSample);
  element("restore").addEventListener("click", restore);
  element("cancel").addEventListener("click", () => studio.cancel());
  window.addEventListener("beforeunload", (event) => {
    const { running, unsaved } = several.queue;
    if (studio.busy || photo?.unsaved || running || unsaved) {
      event.preventDefault();
    }
  });
  element("error-close").addEventListener("click", () => showError(""));
}

/** Tells what computes. */
function showRuntime(accelerator) {
  const threads = threadCount();
  const onCpu = `WebAssembly, ${threads} thread${threads === 1 ? "" : "s"}`;
  element("runtime").textContent =
    `LiteRT.js, ${accelerator === "webgpu" ? "WebGPU" : onCpu}`;
}

async function takeAll(files) {
  if (files.length > 1) several.add(files);
  // The first that can be read; the list tells what is wrong with others.
  for (const file of files) if (await openFile(file)) break;
}

async function openSample() {
  try {
    openFile(await fetchSample());
  } catch {
    showError("The sample photo cannot be loaded; check the connection.");
  }
}

async function begin() {
  show("empty");
  listen();
  showRuntime("wasm");
  if (!window.isSecureContext) {
    showError(
      "Browsers run this page only over https or on this computer itself; " +
        "open it by its https address or by localhost.",
    );
    return;
  }
  await chooser.load();
  takeAll(await takeShared());
  await tellOffline(chooser.defaultFiles);
}

/** Tells what is on the device, after it was seen to that files are. */
async function tellOffline(files = []) {
  const kept = await keepOffline(files);
  element("offline").textContent = describeOffline(
    kept,
    runtimeFiles(),
    chooser.titles,
    self.crossOriginIsolated,
  );
}

begin();
