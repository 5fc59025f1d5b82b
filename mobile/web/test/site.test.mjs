import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliDecompressSync, gunzipSync } from "node:zlib";

import { serve } from "../server.mjs";
import { readPng } from "../src/png_reader.js";

const BUILD = fileURLToPath(new URL("../build.mjs", import.meta.url));
const run = promisify(execFile);
let folder, models, server;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "kerasrestore-site-"));
  models = join(folder, "models");
  await mkdir(models);
  await writeFile(join(models, "net.tflite"), "weights");
  await writeFile(join(models, "net.json"), "{}");
  const entry = { tflite: "net.tflite", sidecar: "net.json" };
  await writeFile(
    join(models, "models.json"),
    JSON.stringify({ models: [entry] }),
  );
  await writeFile(join(folder, "secret.txt"), "secret");
  server = await serve({ port: 0, models });
});

after(async () => {
  server.close();
  await rm(folder, { recursive: true, force: true });
});

/** Asks as it stands: `fetch` would tidy up the path. */
function ask(path, method = "GET", headers = {}) {
  const { port } = server.address();
  return new Promise((resolve, reject) => {
    const sent = request(
      { port, path, method, headers, host: "127.0.0.1" },
      (response) => {
        let body = "";
        response.setEncoding("latin1");
        response.on("data", (piece) => (body += piece));
        response.on("end", () =>
          resolve({
            status: response.statusCode,
            headers: response.headers,
            body,
          }),
        );
      },
    );
    sent.on("error", reject);
    sent.end();
  });
}

test("files have their types and the headers that threads need", async () => {
  for (const [path, type] of [
    ["/", "text/html; charset=utf-8"],
    ["/src/app.js?v=1", "text/javascript; charset=utf-8"],
    ["/service_worker.js", "text/javascript; charset=utf-8"],
    ["/litert/wasm/litert_wasm_internal.wasm", "application/wasm"],
    ["/models/net.tflite", "application/octet-stream"],
    ["/sidecar.schema.json", "application/json"],
  ]) {
    const { status, headers } = await ask(path);
    assert.equal(status, 200, path);
    assert.equal(headers["content-type"], type);
    assert.equal(headers["cross-origin-opener-policy"], "same-origin");
    assert.equal(headers["cross-origin-embedder-policy"], "require-corp");
    assert.match(headers["content-security-policy"], /default-src 'none'/);
  }
  const head = await ask("/models/net.tflite", "HEAD");
  assert.equal(head.headers["content-length"], "7");
  assert.equal(head.body, "");
});

test("files are packed, and sent once", async () => {
  const wasm = "/litert/wasm/litert_wasm_compat_internal.wasm";
  const plain = await ask(wasm);
  assert.equal(plain.headers["content-encoding"], undefined);
  for (const [accepted, encoding, unpack] of [
    ["gzip, deflate", "gzip", gunzipSync],
    ["gzip, deflate, br", "br", brotliDecompressSync],
  ]) {
    const asked = { "accept-encoding": accepted };
    const { headers, body } = await ask(wasm, "GET", asked);
    assert.equal(headers["content-encoding"], encoding);
    assert.equal(Number(headers["content-length"]), body.length);
    assert.ok(body.length < plain.body.length / 3, `${body.length}`);
    assert.equal(
      unpack(Buffer.from(body, "latin1")).toString("latin1"),
      plain.body,
    );
    const known = { ...asked, "if-none-match": headers.etag };
    const again = await ask(wasm, "GET", known);
    assert.deepEqual([again.status, again.body], [304, ""]);
  }
  const model = await ask("/models/net.tflite", "GET", {
    "accept-encoding": "br",
    "if-none-match": '"of another file"',
  });
  assert.equal(model.headers["content-encoding"], undefined);
  assert.equal(model.body, "weights");
});

test("icons have the sizes that the manifest tells", async () => {
  const manifest = JSON.parse((await ask("/app.webmanifest")).body);
  const pngs = manifest.icons.filter(({ type }) => type === "image/png");
  pngs.push({ src: "icons/apple_touch_icon.png", sizes: "180x180" });
  for (const { src, sizes } of pngs) {
    const { body } = await ask(`/${src}`);
    const { width, height, alpha } = await readPng(Buffer.from(body, "latin1"));
    assert.equal(`${width}x${height}`, sizes);
    // Home screens show what is transparent as black.
    assert.equal(Boolean(alpha), /icon_/.test(src) && !/apple/.test(src), src);
  }
  assert.equal(pngs.length, 4);
});

test("nothing but the page's files is given", async () => {
  for (const path of [
    "/secret.txt",
    "/../secret.txt",
    "/models/../../secret.txt",
    "/models/..%2f..%2fsecret.txt",
    "/models/%2e%2e/secret.txt",
    "//etc/passwd",
    "/server.mjs",
    "/package.json",
    "/src/",
    "/src/service_worker.js",
    "/constructor",
    "/index.html%00.js",
  ]) {
    assert.equal((await ask(path)).status, 404, path);
  }
  assert.equal((await ask("/%")).status, 400);
  assert.equal((await ask("/", "POST")).status, 405);
});

test("the service worker knows the checksum of every other file", async () => {
  const { body } = await ask("/service_worker.js");
  const checksums = JSON.parse(/^const CHECKSUMS = ({[^}]*});/.exec(body)[1]);
  for (const path of ["index.html", "src/app.js", "models/net.tflite"]) {
    const page = await ask(`/${path}`);
    const found = createHash("sha256").update(page.body, "latin1");
    assert.equal(checksums[path], found.digest("base64"), path);
  }
});

test("a folder for a host is built once and whole", async () => {
  const out = join(folder, "site");
  const { stdout } = await run(process.execPath, [
    BUILD,
    out,
    "--models",
    models,
  ]);
  assert.match(stdout, /one thread/);
  assert.equal(
    await readFile(join(out, "models/net.tflite"), "utf8"),
    "weights",
  );
  assert.equal(
    await readFile(join(out, "index.html"), "latin1"),
    (await ask("/")).body,
  );
  assert.match(await readFile(join(out, "_headers"), "utf8"), /require-corp/);
  await assert.rejects(
    run(process.execPath, [BUILD, out, "--models", models]),
    ({ code, stderr }) =>
      code === 2 && /^build\.mjs: .* is there already/.test(stderr),
  );
  await assert.rejects(
    run(process.execPath, [BUILD, join(folder, "other"), "--models", folder]),
    ({ code, stderr }) => code === 2 && /export_models\.py first/.test(stderr),
  );
});

test("a list of models does not lead out of its folder", async () => {
  const list = join(folder, "list");
  await mkdir(list);
  const entry = { tflite: "../secret.txt", sidecar: "net.json" };
  await writeFile(
    join(list, "models.json"),
    JSON.stringify({ models: [entry] }),
  );
  await assert.rejects(serve({ port: 0, models: list }), /out of its folder/);
});
