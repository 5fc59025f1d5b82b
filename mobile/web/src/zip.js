/** @file Several files as one ZIP, by the library client-zip. */

/**
 * @param {File[]} files
 * @param {() => Promise<{downloadZip: Function}>} [load] Loads the library,
 *     which the site serves beside this folder.
 * @return {Promise<Blob>} The files as they are: photos are compressed
 *     already.
 */
export async function writeZip(
  files,
  load = () => import("../client_zip.js"),
) {
  const { downloadZip } = await load();
  const names = distinctNames(files);
  const entries = files.map((file, index) => ({
    name: names[index],
    input: file,
    lastModified: file.lastModified,
  }));
  return downloadZip(entries).blob();
}

/** Names of files, numbered where one is taken already. */
function distinctNames(files) {
  const taken = new Set();
  return files.map(({ name }) => {
    const dot = name.lastIndexOf(".");
    const [stem, ending] = [name.slice(0, dot), name.slice(dot)];
    let free = name;
    for (let i = 2; taken.has(free.toLowerCase()); i++) {
      free = `${stem} (${i})${ending}`;
    }
    taken.add(free.toLowerCase());
    return free;
  });
}
