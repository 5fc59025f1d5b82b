import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

import { Queue } from "../src/queue.js";
import { Cancelled } from "../src/studio_client.js";
import { writeZip } from "../src/zip.js";

const photo = (name) => new File([name], name);
const settings = { strength: 1, format: { type: "image/png" } };
const nameOf = (name) => `${name}_restored`;
const describe = ({ done }) => `tile ${done}`;

function clientOf(answer) {
  let ended = 0;
  return {
    ask: async (request, onProgress) => answer(request, onProgress),
    cancel() {},
    end: () => ended++,
    get ended() {
      return ended;
    },
  };
}

test("photos are restored in turn, and one that fails stops none", async () => {
  const asked = [];
  const texts = new Set();
  const client = clientOf(({ type, file, format, id }, onProgress) => {
    asked.push([type, file.name, format.type, id]);
    onProgress({ done: 3 });
    if (file.name === "b") throw new Error("It is damaged.");
    return { blob: new Blob(["done"], { type: "image/png" }), notes: ["A."] };
  });
  const queue = new Queue(client, () =>
    queue.items.forEach(({ text }) => texts.add(text)),
  );
  queue.add([photo("a"), photo("b"), photo("c")]);
  await queue.run(settings, nameOf, describe);
  assert.deepEqual(
    queue.items.map(({ state, text }) => [state, text]),
    [
      ["done", "A."],
      ["failed", "It is damaged."],
      ["done", "A."],
    ],
  );
  assert.ok(texts.has("tile 3"));
  assert.equal(new Set(asked.map(([, , , id]) => id)).size, 3);
  assert.deepEqual(asked[1].slice(0, 3), ["save", "b", "image/png"]);
  assert.deepEqual(
    queue.results.map(({ name, type }) => [name, type]),
    [
      ["a_restored", "image/png"],
      ["c_restored", "image/png"],
    ],
  );
  assert.equal(queue.unsaved, true);
  assert.equal(client.ended, 1);
  for (const item of queue.items) item.saved = item.result !== null;
  assert.equal(queue.unsaved, false);
  queue.clear();
  assert.equal(queue.unsaved, false);
  assert.deepEqual(queue.items, []);
});

test("a cancelled queue keeps what is done", async () => {
  const client = clientOf(({ file }) => {
    if (file.name === "b") throw new Cancelled("Cancelled.");
    return { blob: new Blob(["done"]), notes: [] };
  });
  const queue = new Queue(client, () => {});
  queue.add([photo("a"), photo("b"), photo("c")]);
  await queue.run(settings, nameOf, describe);
  assert.deepEqual(
    queue.items.map(({ state }) => state),
    ["done", "waiting", "waiting"],
  );
  assert.equal(queue.running, false);
  assert.equal(queue.results.length, 1);
});

test("Python reads the ZIP", async () => {
  const lastModified = new Date(2024, 4, 6, 7, 8, 10).getTime();
  const file = (parts, name) => new File(parts, name, { lastModified });
  const files = [
    file([Uint8Array.from({ length: 300 }, (_, i) => i)], "ä photo.png"),
    file(["second"], "b.png"),
    file(["third"], "B.png"),
    file([], "empty"),
  ];
  const blob = await writeZip(files, () => import("client-zip"));
  assert.equal(blob.type, "application/zip");
  const folder = await mkdtemp(join(tmpdir(), "kerasrestore-zip-"));
  try {
    const path = join(folder, "all.zip");
    await writeFile(path, new Uint8Array(await blob.arrayBuffer()));
    const script =
      "import json, sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); " +
      "assert z.testzip() is None; print(json.dumps([[i.filename, " +
      "i.file_size, list(i.date_time), z.read(i).hex()] for i in z.infolist()]))";
    const { stdout } = await promisify(execFile)("python3", [
      "-c",
      script,
      path,
    ]);
    const time = [2024, 5, 6, 7, 8, 10];
    const hex = async (file) =>
      Buffer.from(await file.arrayBuffer()).toString("hex");
    assert.deepEqual(JSON.parse(stdout), [
      ["ä photo.png", 300, time, await hex(files[0])],
      ["b.png", 6, time, await hex(files[1])],
      ["B (2).png", 5, time, await hex(files[2])],
      ["empty", 0, time, ""],
    ]);
    assert.equal((await readFile(path)).length, blob.size);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
