/**
 * @file The JSON file beside a `.tflite` that says all that a runner needs,
 * checked as `kerasrestore/litert/sidecar.py` checks it.
 */

import { ModelError } from "./errors.js";
import { findFault, shown } from "./schema.js";

const FORMAT = 1;
// A sidecar takes a few thousand bytes; what is far beyond is something else.
const LARGEST = 2 ** 20;

/**
 * Parses and checks a sidecar.
 *
 * @param {string} text
 * @param {object} schema What `sidecar.schema.json` holds.
 * @param {string} name What the message calls the file.
 * @return {object}
 * @throws {ModelError} If a field is missing or wrong, two contradict each
 *     other, or this page cannot run such a model.
 */
export function parseSidecar(text, schema, name) {
  const sidecar = parse(text, name);
  const fault =
    faultOfFormat(sidecar) ??
    findFault(sidecar, schema) ??
    contradiction(sidecar);
  if (fault) {
    throw new ModelError(
      `${name} does not fit its model: ${fault}; export the model again.`,
    );
  }
  const limit = limitation(sidecar);
  if (limit) {
    throw new ModelError(`${sidecar.name} ${limit}; choose another model.`);
  }
  return sidecar;
}

function parse(text, name) {
  try {
    if (text.length > LARGEST) throw new Error("it is too large");
    return JSON.parse(text);
  } catch (error) {
    throw new ModelError(
      `${name} is not readable JSON (${shown(error.message)}); copy both ` +
        "files of the model again.",
    );
  }
}

// Before the fields: another format may have others.
function faultOfFormat(sidecar) {
  const format = sidecar?.format ?? FORMAT;
  if (format === FORMAT) return null;
  return `its format is ${shown(format)}, this page reads ${FORMAT}`;
}

function contradiction(sidecar) {
  const {
    tile,
    size_multiple: multiple,
    halo,
    receptive_field: field,
  } = sidecar;
  const least = Math.min(...tile);
  const sides = `[${tile.join(", ")}]`;
  if (tile.some((side) => side % multiple)) {
    return `'tile' is ${sides}, wanted are multiples of ${multiple}`;
  }
  if (halo % multiple || 2 * halo >= least) {
    return `'halo' ${halo} does not fit a tile of ${sides}`;
  }
  if (field && halo !== roundUp(Math.floor(field / 2), multiple)) {
    return `'halo' ${halo} does not fit a receptive field of ${field}`;
  }
  if (!field && halo > Math.floor(least / 4)) {
    return `'halo' ${halo} does not fit a model that sees all of ${sides}`;
  }
  const order = sidecar.channels === 3 ? "RGB" : "gray";
  if (sidecar.color_order !== order) {
    return (
      `'color_order' is ${sidecar.color_order}, wanted is ${order} for ` +
      `${sidecar.channels} channel(s)`
    );
  }
  if (sidecar.sigma_input !== Object.hasOwn(sidecar.io, "sigma")) {
    return "'io' and 'sigma_input' do not agree on 'sigma'";
  }
  const [low, high] = sidecar.sigma_range;
  if (!(low <= high)) {
    return `'sigma_range' is [${low}, ${high}], wanted is the lower first`;
  }
  for (const pixel of sidecar.self_test?.pixels ?? []) {
    const [y, x, values] = pixel;
    const [height, width] = tile.map((side) => side * sidecar.scale);
    if (y >= height || x >= width || values.length !== sidecar.channels) {
      return `'self_test' has the pixel ${shown(pixel)}, out of a tile`;
    }
  }
  return null;
}

function limitation(sidecar) {
  if (sidecar.dynamic) {
    return "has no fixed tile, which browsers need";
  }
  return null;
}

/**
 * Halo and feather of a model's tiles: the feather is 0 where the halo makes
 * tiles exact.
 *
 * @param {object} sidecar
 * @return {{halo: number, feather: number}}
 */
export function tileContext(sidecar) {
  const { halo } = sidecar;
  if (sidecar.receptive_field) return { halo, feather: 0 };
  const core = Math.min(...sidecar.tile) - 2 * halo;
  const feather = Math.min(Math.floor(halo / 2), Math.floor(core / 2));
  return { halo, feather };
}

function roundUp(value, multiple) {
  return Math.ceil(value / multiple) * multiple;
}
