#!/usr/bin/env node
/**
 * @file Copies the page with all that it needs into one folder, to be put on
 * any web server that has https.
 *
 *     node build.mjs FOLDER [--models FOLDER]
 */

import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";

import { HEADERS, MODELS, readSite } from "./site.mjs";

async function build(folder, models) {
  if (existsSync(folder)) {
    throw new Error(`${folder} is there already; remove it or name another.`);
  }
  const files = await readSite(models);
  // Hosts that read such a file send the headers; others ignore it.
  const lines = Object.entries(HEADERS).map(
    ([key, value]) => `  ${key}: ${value}`,
  );
  files.set("_headers", Buffer.from(`/*\n${lines.join("\n")}\n`));
  const part = `${folder}.part`;
  await rm(part, { recursive: true, force: true });
  let size = 0;
  for (const [path, bytes] of files) {
    await mkdir(dirname(join(part, path)), { recursive: true });
    await writeFile(join(part, path), bytes);
    size += bytes.length;
  }
  await rename(part, folder);
  console.log(
    `${folder}: ${files.size} files, ${(size / 1e6).toFixed(0)} MB. On a ` +
      "host that does not send the headers in _headers, the first visit runs " +
      "on one thread; from the second on the service worker adds them.",
  );
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { models: { type: "string", default: MODELS } },
});
try {
  if (positionals.length !== 1) {
    throw new Error("one folder is wanted: node build.mjs FOLDER");
  }
  await build(resolve(positionals[0]), values.models);
} catch (error) {
  console.error(`build.mjs: ${error.message}`);
  process.exitCode = 2;
}
