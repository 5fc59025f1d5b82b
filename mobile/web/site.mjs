/**
 * @file The files that the page consists of, wherever they come from: one
 * list for the server and for a folder to be hosted.
 */

import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const WEB = fileURLToPath(new URL(".", import.meta.url));
const ROOT = join(WEB, "../..");
const LITERT = join(WEB, "node_modules/@litertjs");
const CLIENT_ZIP = join(WEB, "node_modules/client-zip");

/** Where `mobile/models/export_models.py` puts the models. */
export const MODELS = join(WEB, "../models/files");

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".tflite": "application/octet-stream",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
};

// `blob:` is for the pictures that are shown; all else is the site's own.
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src " +
  "'self'; connect-src 'self'; img-src 'self' blob:; style-src 'self'; " +
  "manifest-src 'self'; base-uri 'none'; form-action 'none'; " +
  "frame-ancestors 'none'";

/** Headers of every file: what threads need, and nothing from elsewhere. */
export const HEADERS = {
  "Content-Security-Policy": POLICY,
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
};

/**
 * @param {string} path
 * @return {string} The MIME type of a file.
 */
export function typeOf(path) {
  const type = TYPES[extname(path)];
  if (!type) throw new TypeError(`No MIME type is known for ${path}.`);
  return type;
}

/**
 * The bytes of every file by its path on the site.
 *
 * @param {string} [models] Folder of the model files.
 * @return {Promise<Map<string, Buffer>>}
 */
export async function readSite(models = MODELS) {
  const places = new Map([
    ["index.html", join(WEB, "index.html")],
    ["style.css", join(WEB, "style.css")],
    ["icon.svg", join(WEB, "icon.svg")],
    ["sample.png", join(ROOT, "docs/images/portrait_noisy.png")],
    ["app.webmanifest", join(WEB, "app.webmanifest")],
    [
      "sidecar.schema.json",
      join(ROOT, "kerasrestore/litert/sidecar.schema.json"),
    ],
    ["litert/wasm_utils.js", join(LITERT, "wasm-utils/dist/index.js")],
    ["client_zip.js", join(CLIENT_ZIP, "index.js")],
    ["client_zip_license.txt", join(CLIENT_ZIP, "LICENSE.txt")],
  ]);
  for (const name of await readdir(join(WEB, "src"))) {
    places.set(`src/${name}`, join(WEB, "src", name));
  }
  for (const name of await readdir(join(WEB, "icons"))) {
    places.set(`icons/${name}`, join(WEB, "icons", name));
  }
  for (const build of ["", "_compat", "_threaded"]) {
    for (const ending of ["js", "wasm"]) {
      const name = `litert_wasm${build}_internal.${ending}`;
      places.set(`litert/wasm/${name}`, join(LITERT, "core/wasm", name));
    }
  }
  for (const name of await listModels(models)) {
    places.set(`models/${name}`, join(models, name));
  }
  const files = new Map();
  for (const [path, place] of places) files.set(path, await read(place));
  files.set("litert/index.js", await readLiteRt());
  const worker = files.get("src/service_worker.js");
  files.delete("src/service_worker.js");
  files.set("service_worker.js", withChecksums(worker, files));
  return files;
}

async function read(place) {
  try {
    return await readFile(place);
  } catch (error) {
    throw new Error(
      `${place} cannot be read (${error.code}); run npm ci and ` +
        "python mobile/models/export_models.py first.",
    );
  }
}

async function listModels(folder) {
  let list;
  try {
    list = JSON.parse(await readFile(join(folder, "models.json"), "utf8"));
  } catch (error) {
    throw new Error(
      `${folder} has no list of models (${error.code ?? error.message}); run ` +
        "python mobile/models/export_models.py first.",
    );
  }
  const names = list.models.flatMap(({ tflite, sidecar }) => [tflite, sidecar]);
  const outside = names.find((name) => name !== basename(name));
  if (outside) {
    throw new Error(`models.json names ${outside}, out of its folder.`);
  }
  return ["models.json", ...names];
}

/** LiteRT.js, its import by package name made one by path: workers have no
 * import maps. */
async function readLiteRt() {
  const text = String(await read(join(LITERT, "core/dist/index.js")));
  const name = '"@litertjs/wasm-utils"';
  if (text.split(name).length !== 2) {
    throw new Error(`@litertjs/core does not import ${name} once as before.`);
  }
  return Buffer.from(text.replace(name, '"./wasm_utils.js"'));
}

/** The service worker, with the checksums of all that it may keep: when one
 * changes, so does the worker, and browsers fetch the files anew. */
function withChecksums(worker, files) {
  const checksums = {};
  for (const [path, bytes] of files) {
    checksums[path] = createHash("sha256").update(bytes).digest("base64");
  }
  const head = `const CHECKSUMS = ${JSON.stringify(checksums, null, 1)};\n`;
  return Buffer.concat([Buffer.from(head), worker]);
}
