/** @file The page: what is shown when, and what each control does. */

import { CompareView } from "./compare_view.js";
import { ModelChooser } from "./model_chooser.js";
import { keepOffline } from "./offline.js";
import { threadCount } from "./runtime.js";
import { Cancelled, StudioClient } from "./studio_client.js";
import {
  describeProgress,
  restoredName,
  sizeText,
  speedText,
} from "./wording.js";

const element = (id) => document.getElementById(id);
const studio = new StudioClient();
const view = new CompareView(document);
const chooser = new ModelChooser(document, {
  onChange: settingsChanged,
  onError: showError,
});

/**
 * The photo that is open, its name and addresses of its pictures.
 *
 * @type {?{id: number, file: Blob, name: string, width: number,
 *     height: number, before: string, after: ?string}}
 */
let photo = null;
let turn = 0;

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

async function openFile(file) {
  const mine = ++turn;
  studio.cancel();
  showError("");
  show("opening");
  try {
    const opened = await studio.ask({ type: "open", id: mine, file });
    closePhoto();
    photo = {
      id: mine,
      file,
      name: file.name ?? "photo",
      width: opened.width,
      height: opened.height,
      before: URL.createObjectURL(opened.upright ?? file),
      after: null,
    };
    view.showBefore(photo.before, photo);
    element("caption").textContent = `${photo.name}, ${sizeText(photo)}`;
    element("caption").title = photo.name;
    show("ready");
    say(`${photo.name} is open.`);
  } catch (error) {
    if (error instanceof Cancelled || mine !== turn) return;
    showError(`${file.name ?? "The photo"}: ${error.message}`);
    backToPhoto();
  }
}

function closePhoto() {
  if (!photo) return;
  URL.revokeObjectURL(photo.before);
  if (photo.after) URL.revokeObjectURL(photo.after);
  photo = null;
}

function backToPhoto() {
  if (!photo) return show("empty");
  show(photo.after ? "done" : "ready");
}

async function restore() {
  const mine = turn;
  if (!chooser.settings.model) {
    return showError("There is no model to restore with; reload the page.");
  }
  showError("");
  forgetResult();
  show("busy");
  element("bar").removeAttribute("value");
  const megapixels = (photo.width * photo.height) / 1e6;
  let started = 0;
  try {
    const answer = await studio.ask(
      {
        type: "restore",
        id: photo.id,
        file: photo.file,
        ...chooser.settings,
      },
      (progress) => {
        if (progress.stage === "restoring") {
          started ||= performance.now();
          element("bar").max = progress.total;
          element("bar").value = progress.done;
        }
        const seconds = (performance.now() - started) / 1000;
        element("progress-text").textContent = describeProgress(
          progress,
          megapixels,
          seconds,
        );
      },
    );
    showResult(answer, megapixels);
  } catch (error) {
    // Another photo was opened meanwhile.
    if (mine !== turn) return;
    if (!(error instanceof Cancelled)) showError(error.message);
    say(error.message);
    backToPhoto();
  }
}

function showResult({ blob, seconds, notes }, megapixels) {
  photo.after = URL.createObjectURL(blob);
  view.showAfter(photo.after);
  const link = element("download");
  link.href = photo.after;
  link.download = restoredName(photo.name);
  const speed = `${seconds.toFixed(1)} s, ${speedText(megapixels, seconds)}`;
  const lines = [`Restored in ${speed}.`, ...notes];
  element("notes").replaceChildren(
    ...lines.map((line) => {
      const item = document.createElement("li");
      item.textContent = line;
      return item;
    }),
  );
  show("done");
  say(lines.join(" "));
  element("handle").focus({ preventScroll: true });
}

function forgetResult() {
  if (!photo?.after) return;
  URL.revokeObjectURL(photo.after);
  photo.after = null;
  view.showAfter(null);
}

/** Another strength or model: the result is no longer what is set. */
function settingsChanged() {
  if (document.body.dataset.state !== "done") return;
  forgetResult();
  show("ready");
}

function openFirst(files) {
  if (files?.length) openFile(files[0]);
}

function listen() {
  for (const id of ["file", "camera", "another"]) {
    element(id).addEventListener("change", ({ target }) => {
      openFirst(target.files);
      // So that the same file can be chosen again.
      target.value = "";
    });
  }
  element("sample").addEventListener("click", openSample);
  element("restore").addEventListener("click", restore);
  element("cancel").addEventListener("click", () => studio.cancel());
  element("error-close").addEventListener("click", () => showError(""));
  document.addEventListener("paste", ({ clipboardData }) =>
    openFirst(clipboardData?.files),
  );
  for (const type of ["dragenter", "dragover", "dragleave", "drop"]) {
    document.addEventListener(type, (event) => {
      event.preventDefault();
      const over = type === "dragenter" || type === "dragover";
      document.body.classList.toggle("dragging", over);
      if (type === "drop") openFirst(event.dataTransfer.files);
    });
  }
}

async function openSample() {
  try {
    const response = await fetch("sample.png");
    const blob = await response.blob();
    await openFile(new File([blob], "sample.png", { type: "image/png" }));
  } catch {
    showError("The sample photo cannot be loaded; check the connection.");
  }
}

async function begin() {
  show("empty");
  listen();
  const threads = threadCount();
  element("runtime").textContent =
    `LiteRT.js, WebAssembly, ${threads} thread${threads === 1 ? "" : "s"}`;
  if (!window.isSecureContext) {
    showError(
      "Browsers run this page only over https or on this computer itself; " +
        "open it by its https address or by localhost.",
    );
    return;
  }
  await chooser.load();
  if (await keepOffline(chooser.defaultFiles)) {
    element("offline").textContent = self.crossOriginIsolated
      ? "Works without a network from now on."
      : "Works without a network from now on. Reload the page to use all " +
        "cores.";
  }
}

begin();
