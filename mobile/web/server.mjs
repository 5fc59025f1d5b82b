#!/usr/bin/env node
/**
 * @file Serves the page on this computer, compressed, with the headers that
 * threads need.
 *
 *     node server.mjs [--port 8000] [--host 127.0.0.1] [--models FOLDER]
 */

import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

import { HEADERS, MODELS, readSite, typeOf } from "./site.mjs";

// Of Brotli, 0 to 11: the WebAssembly takes two seconds, once.
const QUALITY = 7;
// Packed already, or hardly smaller.
const AS_IT_IS = /\.(png|tflite)$/u;
const PACKERS = {
  br: (bytes) =>
    promisify(brotliCompress)(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: QUALITY },
    }),
  gzip: promisify(gzip),
};

/**
 * Starts a server. What it gives are the files of the list and nothing else,
 * whatever path is asked for.
 *
 * @param {object} [options]
 * @param {number} [options.port] 0 for any that is free.
 * @param {string} [options.host]
 * @param {string} [options.models] Folder of the model files.
 * @param {Object<string, string>} [options.headers]
 * @return {Promise<import("node:http").Server>}
 */
export async function serve({
  port = 8000,
  host = "127.0.0.1",
  models = MODELS,
  headers = HEADERS,
} = {}) {
  const files = await readSite(models);
  const packed = new Map();
  const server = createServer(async (request, response) => {
    const { status, path } = find(files, request);
    if (status !== 200) {
      response.writeHead(status, { ...headers, "Content-Type": "text/plain" });
      response.end(request.method === "HEAD" ? undefined : `${status}\n`);
      return;
    }
    const encoding = AS_IT_IS.test(path) ? null : encodingOf(request);
    const { body, tag } = await pack(files, packed, path, encoding);
    const sent = {
      ...headers,
      "Content-Type": typeOf(path),
      "Content-Length": body.length,
      // Kept, but asked for: the page and its checksums change together.
      "Cache-Control": "no-cache",
      ETag: tag,
      Vary: "Accept-Encoding",
      ...(encoding && { "Content-Encoding": encoding }),
    };
    if (request.headers["if-none-match"] === tag) {
      delete sent["Content-Length"];
      response.writeHead(304, sent).end();
      return;
    }
    response.writeHead(200, sent);
    response.end(request.method === "HEAD" ? undefined : body);
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return server;
}

/** What the browser unpacks, the smallest first. */
function encodingOf({ headers }) {
  const taken = (headers["accept-encoding"] ?? "")
    .split(",")
    .map((one) => one.trim().split(";")[0]);
  return Object.keys(PACKERS).find((name) => taken.includes(name)) ?? null;
}

/** A file as it is sent, packed when it is asked for first. */
function pack(files, packed, path, encoding) {
  const key = `${path} ${encoding}`;
  if (!packed.has(key)) packed.set(key, packOnce(files.get(path), encoding));
  return packed.get(key);
}

async function packOnce(bytes, encoding) {
  const body = encoding ? await PACKERS[encoding](bytes) : bytes;
  const sum = createHash("sha256").update(body).digest("base64url");
  return { body, tag: `"${sum}"` };
}

function find(files, { method, url }) {
  if (method !== "GET" && method !== "HEAD") return { status: 405 };
  let path;
  try {
    path = decodeURIComponent(url.split(/[?#]/u)[0]).slice(1);
  } catch {
    return { status: 400 };
  }
  path ||= "index.html";
  return files.has(path) ? { status: 200, path } : { status: 404 };
}

async function main() {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "8000" },
      host: { type: "string", default: "127.0.0.1" },
      models: { type: "string", default: MODELS },
    },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new Error(`--port is a number from 0 to 65535, got ${values.port}.`);
  }
  const server = await serve({ ...values, port });
  console.log(`http://${values.host}:${server.address().port}/`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error) => {
    console.error(`server.mjs: ${error.message}`);
    process.exitCode = 2;
  });
}
