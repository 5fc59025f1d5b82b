/**
 * @file Several files as one: a ZIP that stores them as they are. Pictures are
 * packed already, so that nothing but headers is left to write.
 */

import { crc32 } from "./crc32.js";

const SIGNATURE = { FILE: 0x04034b50, ENTRY: 0x02014b50, END: 0x06054b50 };
const VERSION = 20;
// Names are in UTF-8.
const FLAGS = 0x0800;
// What the numbers of the format hold, without its extension to 64 bits.
const MOST_FILES = 0xffff;
const MOST_BYTES = 0xffffffff;

/**
 * @param {File[]} files
 * @param {Date} [time] That is told of all of them.
 * @return {Promise<Blob>}
 * @throws {RangeError} If they are more than a ZIP holds.
 */
export async function writeZip(files, time = new Date()) {
  const size = files.reduce((sum, file) => sum + file.size + 200, 0);
  if (files.length > MOST_FILES || size > MOST_BYTES) {
    throw new RangeError(
      "The photos are more than the 4 GB that a ZIP holds; save them one by " +
        "one.",
    );
  }
  const encoder = new TextEncoder();
  const parts = [];
  const entries = [];
  let offset = 0;
  for (const [index, name] of distinctNames(files).entries()) {
    const file = files[index];
    const path = encoder.encode(name);
    const crc = crc32(new Uint8Array(await file.arrayBuffer()));
    const common = [
      [2, FLAGS],
      [2, 0],
      ...dosTime(time),
      [4, crc],
      [4, file.size],
      [4, file.size],
      [2, path.length],
      [2, 0],
    ];
    const head = numbers([4, SIGNATURE.FILE], [2, VERSION], ...common);
    parts.push(head, path, file);
    const entry = numbers(
      [4, SIGNATURE.ENTRY],
      [2, VERSION],
      [2, VERSION],
      ...common,
      // No comment, the first disk, no attributes.
      [2, 0],
      [2, 0],
      [2, 0],
      [4, 0],
      [4, offset],
    );
    entries.push(entry, path);
    offset += head.length + path.length + file.size;
  }
  const length = entries.reduce((sum, part) => sum + part.length, 0);
  const end = numbers(
    [4, SIGNATURE.END],
    [2, 0],
    [2, 0],
    [2, files.length],
    [2, files.length],
    [4, length],
    [4, offset],
    [2, 0],
  );
  return new Blob([...parts, ...entries, end], { type: "application/zip" });
}

/** Names of files, with a number where one is there already. */
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

/** Two numbers of sixteen bits; years are counted from 1980. */
function dosTime(time) {
  const clock =
    (time.getHours() << 11) |
    (time.getMinutes() << 5) |
    (time.getSeconds() / 2);
  const year = Math.max(0, time.getFullYear() - 1980);
  const date = (year << 9) | ((time.getMonth() + 1) << 5) | time.getDate();
  return [
    [2, clock],
    [2, date],
  ];
}

/** Numbers as bytes, the lowest first; each with how many bytes it takes. */
function numbers(...pairs) {
  const bytes = [];
  for (const [size, value] of pairs) {
    for (let i = 0; i < size; i++) bytes.push((value >>> (8 * i)) & 255);
  }
  return Uint8Array.from(bytes);
}
