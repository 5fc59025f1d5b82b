/** @file The model files that are served beside the page. */

import { sha256 } from "./checksum.js";
import { ModelError } from "./errors.js";
import { shown } from "./schema.js";
import { parseSidecar } from "./sidecar.js";

const FORMAT = 1;
const FILE_NAME = /^[\w.-]+$/u;

/**
 * What `models.json` tells of one model.
 *
 * @typedef {{name: string, title: string, tflite: string, sidecar: string,
 *     bytes: number, sha256: string, sidecar_sha256: string}} ModelEntry
 */

/**
 * Reads the list of models.
 *
 * @param {URL} folder Where the model files are served, with a slash.
 * @return {Promise<{default: string, models: ModelEntry[]}>}
 * @throws {ModelError} If there is no such list or it is damaged.
 */
export async function fetchCatalog(folder) {
  const bytes = await fetchBytes(new URL("models.json", folder));
  let catalog;
  try {
    catalog = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new ModelError("models.json is damaged; export the models again.");
  }
  if (catalog?.format !== FORMAT) {
    throw new ModelError(
      `models.json has the format ${shown(catalog?.format)}, this page reads ` +
        `${FORMAT}; export the models again.`,
    );
  }
  const { models } = catalog;
  const whole =
    Array.isArray(models) &&
    models.every(isEntry) &&
    models.some(({ name }) => name === catalog.default);
  if (!whole) {
    throw new ModelError("models.json is damaged; export the models again.");
  }
  return catalog;
}

function isEntry(entry) {
  const texts = ["name", "title", "tflite", "sidecar"];
  return (
    texts.every((key) => typeof entry?.[key] === "string") &&
    [entry.tflite, entry.sidecar].every((name) => FILE_NAME.test(name)) &&
    Number.isInteger(entry.bytes)
  );
}

/**
 * Fetches and checks the sidecar of a model.
 *
 * @param {URL} folder Where the model files are served, with a slash.
 * @param {ModelEntry} entry
 * @param {object} schema What `sidecar.schema.json` holds.
 * @return {Promise<object>}
 * @throws {ModelError} If it is missing, damaged, or speaks of a model that
 *     this page cannot run.
 */
export async function fetchSidecar(folder, entry, schema) {
  const bytes = await fetchBytes(new URL(entry.sidecar, folder));
  if ((await sha256(bytes)) !== entry.sidecar_sha256) {
    throw mismatch(entry.sidecar, "models.json");
  }
  return parseSidecar(new TextDecoder().decode(bytes), schema, entry.sidecar);
}

/**
 * Fetches a model; what is returned are the bytes whose checksum was compared.
 *
 * @param {URL} folder Where the model files are served, with a slash.
 * @param {ModelEntry} entry
 * @param {object} sidecar Its sidecar, checked.
 * @return {Promise<Uint8Array>}
 * @throws {ModelError} If it is missing or damaged.
 */
export async function fetchModel(folder, entry, sidecar) {
  const content = await fetchBytes(new URL(entry.tflite, folder));
  const checksum = await sha256(content);
  if (checksum !== sidecar.sha256) throw mismatch(entry.tflite, entry.sidecar);
  if (checksum !== entry.sha256) throw mismatch(entry.tflite, "models.json");
  return content;
}

/**
 * Fetches the definition of sidecars.
 *
 * @param {URL} site
 * @return {Promise<object>}
 */
export async function fetchSchema(site) {
  const bytes = await fetchBytes(new URL("sidecar.schema.json", site));
  return JSON.parse(new TextDecoder().decode(bytes));
}

function mismatch(name, witness) {
  return new ModelError(
    `${name} does not have the checksum that ${witness} tells; reload the ` +
      "page, or export the models again.",
  );
}

async function fetchBytes(url) {
  const name = url.pathname.split("/").at(-1);
  let response;
  try {
    response = await fetch(url);
  } catch {
    throw new ModelError(
      `${name} cannot be loaded; check the connection and try again.`,
    );
  }
  if (!response.ok) {
    throw new ModelError(
      `${name} is not on the server (${response.status}); export the models ` +
        "and reload the page.",
    );
  }
  return new Uint8Array(await response.arrayBuffer());
}
