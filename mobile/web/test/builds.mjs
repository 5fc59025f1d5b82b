#!/usr/bin/env node
/**
 * @file Compares the builds of LiteRT that the page may load:
 *
 *     node test/builds.mjs
 *
 * for the model that is offered first, in float32 and int8, how many values
 * of one tile differ from those of the build with threads, and by how much;
 * and whether the build loads in a page that has no shared memory.
 */

import { brotliCompressSync, constants } from "node:zlib";

import { readSite } from "../site.mjs";
import { serve } from "../server.mjs";
import { launch } from "./browser.mjs";

const BUILDS = ["_threaded", "", "_compat"];

// Milliseconds. The build with threads waits for ever where it cannot start.
const PATIENCE = 120_000;

async function run(page, address, build, model) {
  await page.goto(address);
  const never = new Promise((resolve) =>
    setTimeout(resolve, PATIENCE, { error: "does not start" }).unref(),
  );
  const answer = page.evaluate(
    async ([name, path]) => {
      const { testImage } = await import("/src/engine.js");
      const litert = await import("/litert/index.js");
      const sidecar = await (
        await fetch(path.replace("tflite", "json"))
      ).json();
      try {
        await litert.loadLiteRt(`/litert/wasm/litert_wasm${name}_internal.js`);
        const loaded = await litert.loadAndCompile(path, {
          accelerator: "wasm",
        });
        const shape = [1, ...sidecar.tile, sidecar.channels];
        const image = new litert.Tensor(testImage(sidecar), shape);
        const { restored } = await loaded.run({ image });
        return { values: [...(await restored.data())] };
      } catch (error) {
        return { error: String(error.message ?? error).slice(0, 80) };
      }
    },
    [build, model],
  );
  return Promise.race([answer.catch(() => never), never]);
}

function compare(found, wanted) {
  if (found.error) return found.error;
  const apart = found.values.map((v, i) => Math.abs(v - wanted.values[i]));
  const other = apart.filter((one) => one > 0).length / apart.length;
  const most = apart.reduce((top, one) => Math.max(top, one), 0);
  return `${(100 * other).toFixed(1)} % of values differ, by at most ${most}`;
}

const files = await readSite();
for (const build of BUILDS) {
  const bytes = files.get(`litert/wasm/litert_wasm${build}_internal.wasm`);
  const packed = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 7 },
  }).length;
  console.log(
    `${build || "plain"}: ${(bytes.length / 1e6).toFixed(1)} MB, packed ` +
      `${(packed / 1e6).toFixed(1)} MB`,
  );
}
const catalog = JSON.parse(files.get("models/models.json"));
const int8 = catalog.models.find(({ name }) => name === catalog.default);
const float32 = catalog.models.find(
  ({ name }) => `${name}_int8` === int8.name,
);
const server = await serve({ port: 0 });
const bare = await serve({ port: 0, headers: {} });
const browser = await launch();
const addressOf = (one) => `http://127.0.0.1:${one.address().port}/`;
try {
  const page = await browser.newPage();
  for (const { tflite } of [float32, int8].filter(Boolean)) {
    const path = `/models/${tflite}`;
    const wanted = await run(page, addressOf(server), "_threaded", path);
    for (const build of BUILDS.slice(1)) {
      const found = await run(page, addressOf(server), build, path);
      console.log(`${tflite}, ${build || "plain"}: ${compare(found, wanted)}`);
    }
  }
  const model = `/models/${int8.tflite}`;
  const alone = await run(page, addressOf(bare), "_threaded", model);
  console.log(`threads without shared memory: ${alone.error ?? "start"}`);
} finally {
  await browser.close();
  server.close();
  bare.close();
}
