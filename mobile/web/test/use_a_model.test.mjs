/** @file The JavaScript of docs/use_a_model.md, run as it stands there. */

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { typeOf } from "../site.mjs";
import { launch, python } from "./browser.mjs";

const DOCUMENT = new URL("../../../docs/use_a_model.md", import.meta.url);
const LITERT = fileURLToPath(
  new URL("../node_modules/@litertjs", import.meta.url),
);
const PAGE = `<!doctype html><meta charset="utf-8"><title>test</title>
<script type="importmap">{"imports": {
  "@litertjs/core": "/litert/core/dist/index.js",
  "@litertjs/wasm-utils": "/litert/wasm-utils/dist/index.js"
}}</script>`;

let folder, server, browser;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "kerasrestore-app-"));
  await python("make_app.py", folder);
  const text = await readFile(DOCUMENT, "utf8");
  const [, program] = /^```js\n(.*?)^```$/msu.exec(text);
  server = createServer(async ({ url }, response) => {
    const body = await contentOf(url, program).catch(() => null);
    if (body === null) return response.writeHead(404).end();
    const type = url === "/" ? "text/html" : typeOf(url);
    return response.writeHead(200, { "Content-Type": type }).end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  browser = await launch();
});

after(async () => {
  await browser?.close();
  server?.close();
  await rm(folder, { recursive: true, force: true });
});

async function contentOf(url, program) {
  if (url === "/") return PAGE;
  if (url === "/restore.js") return program;
  const [, first, ...rest] = url.split("/");
  return readFile(
    first === "litert" ? join(LITERT, ...rest) : join(folder, first),
  );
}

test("its bytes are Python's", async () => {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.evaluate(async () => {
    const { loadLiteRt } = await import("/litert/core/dist/index.js");
    await loadLiteRt("/litert/core/wasm/", { threads: false });
  });
  const runs = JSON.parse(await readFile(join(folder, "runs.json"), "utf8"));
  assert.equal(runs.length, 6);
  for (const run of runs) {
    const bytes = await readFile(join(folder, `${run.name}.rgba`));
    const { data, width, height } = await page.evaluate(
      async ([{ name, strength, sigma, ...size }, pixels]) => {
        const { load, restore } = await import("/restore.js");
        const loaded = await load(`/${name}.tflite`);
        const image = { ...size, data: Uint8Array.from(pixels) };
        const told = sigma ?? undefined;
        const found = await restore(image, loaded, told, strength);
        return { ...found, data: [...found.data] };
      },
      [run, [...bytes]],
    );
    const wanted = await readFile(join(folder, `${run.name}.rgb`));
    assert.equal(3 * width * height, wanted.length);
    const colors = data.filter((_, index) => index % 4 < 3);
    const different = colors.filter((byte, index) => byte !== wanted[index]);
    assert.equal(different.length, 0, run.name);
  }
});
