#!/usr/bin/env node
/**
 * @file Serves the page on this computer, with the headers that threads need.
 *
 *     node server.mjs [--port 8000] [--host 127.0.0.1] [--models FOLDER]
 */

import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { HEADERS, MODELS, readSite, typeOf } from "./site.mjs";

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
  const server = createServer((request, response) => {
    const { status, path } = find(files, request);
    const body = status === 200 ? files.get(path) : `${status}\n`;
    response.writeHead(status, {
      ...headers,
      "Content-Type": status === 200 ? typeOf(path) : "text/plain",
      "Content-Length": Buffer.byteLength(body),
      "Cache-Control": "no-cache",
    });
    response.end(request.method === "HEAD" ? undefined : body);
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return server;
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
