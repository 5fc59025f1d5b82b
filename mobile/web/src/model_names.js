/** @file Models by names that say what they are for. */

const KINDS = {
  photo: ["Photo", "For photos of phones and cameras as they are."],
  strong: ["Strong noise", "For photos taken in very little light."],
  synthetic: [
    "Clean synthetic noise",
    "For even, fine noise of any strength, as it is added to test pictures.",
  ],
  level: [
    "Noise level by hand",
    "For even, fine noise whose level you know or want to try.",
  ],
  gray: ["Black and white", "For gray pictures; colour by colour for others."],
  jpeg: ["JPEG artifacts", "For blocks and rings in strongly packed JPEGs."],
  demosaic: ["Sensor mosaic", "For pictures of a sensor's single colours."],
};

/**
 * What a model is for.
 *
 * @param {object} sidecar
 * @return {{title: string, about: string}}
 */
export function purposeOf(sidecar) {
  if (sidecar.scale > 1) {
    const about = "Makes pictures larger.";
    return { title: `Enlarge ${sidecar.scale}x`, about };
  }
  const [title, about] = KINDS[kindOf(sidecar)];
  return { title, about };
}

function kindOf({ task, channels, sigma_input: told, name }) {
  if (task in KINDS) return task;
  if (channels === 1) return "gray";
  if (told) return "level";
  if (!/camera/.test(name)) return "synthetic";
  return /strong/.test(name) ? "strong" : "photo";
}

/**
 * Names for a list of models: one of each kind first, by what it is for, and
 * the other versions of the same network by what sets them apart.
 *
 * @param {import("./models.js").ModelEntry[]} entries
 * @param {(?object)[]} sidecars One for each, null where it cannot be read.
 * @param {string} preferred Name of the model that is offered first.
 * @return {{main: {name: string, title: string}[],
 *     versions: {name: string, title: string}[]}}
 */
export function nameModels(entries, sidecars, preferred) {
  const groups = new Map();
  for (const [index, entry] of entries.entries()) {
    const sidecar = sidecars[index];
    const key = sidecar
      ? `${sidecar.name} ${purposeOf(sidecar).title}`
      : entry.name;
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push({ entry, sidecar });
  }
  const names = { main: [], versions: [] };
  for (const members of groups.values()) {
    const best =
      members.find(({ entry }) => entry.name === preferred) ??
      members.find(({ sidecar }) => isFast(sidecar)) ??
      members[0];
    const title = titleOf(best, names.main);
    for (const { entry, sidecar } of members) {
      const { name } = entry;
      if (entry === best.entry) {
        names.main.push({ name, title });
      } else {
        names.versions.push({ name, title: `${title}, ${versionOf(sidecar)}` });
      }
    }
  }
  return names;
}

/** What a model is for, or its own name where that is not told. */
function titleOf({ entry, sidecar }, others) {
  if (!sidecar) return entry.title;
  const { title } = purposeOf(sidecar);
  const taken = others.some((other) => other.title === title);
  return taken ? `${title} (${sidecar.name})` : title;
}

function isFast(sidecar) {
  return sidecar?.quantization === "int8" && sidecar.io.image === "float32";
}

function versionOf({ quantization, io }) {
  const bytes = io.image === "uint8" ? ", bytes in and out" : "";
  return `${quantization}${bytes}`;
}
