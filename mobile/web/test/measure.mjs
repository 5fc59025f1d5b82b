#!/usr/bin/env node
/**
 * @file Measures one restoration on the page:
 *
 *     node test/measure.mjs [--megapixels 12] [--model NAME] [--gpu]
 *
 * the time from the press of the button to the first tile on screen and to
 * the whole, and the most memory that the tab took. With `--gpu`, Chromium is
 * given the graphics processor; if the page takes it, the photo is restored
 * once more without, and the bytes are compared. The photo is the sample,
 * side by side, as JPEG. Memory is read from /proc: on Linux only.
 */

import { readFile } from "node:fs/promises";
import { availableParallelism, loadavg } from "node:os";
import { parseArgs } from "node:util";

import { serve } from "../server.mjs";
import { Tab, launch } from "./browser.mjs";

/** Opens a JPEG of that many megapixels, as if it were dropped. */
async function openPhoto(tab, megapixels) {
  await tab.page.evaluate(async (size) => {
    const sample = await (await fetch("sample.png")).blob();
    const tile = await createImageBitmap(sample);
    const width = Math.round(Math.sqrt((size * 1e6 * 4) / 3));
    const canvas = new OffscreenCanvas(width, Math.round((width * 3) / 4));
    const context = canvas.getContext("2d");
    for (let y = 0; y < canvas.height; y += tile.height) {
      for (let x = 0; x < width; x += tile.width) {
        context.drawImage(tile, x, y);
      }
    }
    const blob = await canvas.convertToBlob({
      type: "image/jpeg",
      quality: 0.95,
    });
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([blob], "p.jpg", { type: blob.type }));
    document.dispatchEvent(new DragEvent("drop", { dataTransfer }));
  }, megapixels);
  await tab.state("ready");
}

/** Seconds to the first tile and to the whole. */
async function restore(tab) {
  await tab.page.evaluate(() => {
    const bar = document.getElementById("bar");
    const start = performance.now();
    self.measured = {};
    const look = () => {
      const seconds = (performance.now() - start) / 1000;
      if (bar.value > 0) self.measured.first ??= seconds;
      if (document.body.dataset.state === "done") {
        self.measured.whole ??= seconds;
      }
    };
    const seen = { attributes: true, subtree: true };
    new MutationObserver(look).observe(document.body, seen);
    document.getElementById("restore").click();
  });
  await tab.state("busy");
  await tab.state("done", "ready");
  return tab.page.evaluate("self.measured");
}

/** Megabytes that the largest renderer took at most, workers included. */
async function mostMemory(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const renderers = processInfo.filter(({ type }) => type === "renderer");
  const sizes = await Promise.all(
    renderers.map(async ({ id }) => {
      const status = await readFile(`/proc/${id}/status`, "utf8");
      return Number(/^VmHWM:\s+(\d+) kB$/mu.exec(status)[1]) / 1000;
    }),
  );
  return Math.max(...sizes);
}

async function compareWithCpu(tab) {
  const { pixels: found } = await tab.result();
  await tab.page.click("summary");
  await tab.page.uncheck("#gpu");
  await tab.state("ready");
  const { whole } = await restore(tab);
  const { pixels: wanted } = await tab.result();
  const most = found.reduce(
    (top, byte, i) => Math.max(top, Math.abs(byte - wanted[i])),
    0,
  );
  return `main processor: ${whole.toFixed(1)} s, bytes within ${most}`;
}

async function main() {
  const { values } = parseArgs({
    options: {
      megapixels: { type: "string", default: "12" },
      model: { type: "string" },
      gpu: { type: "boolean", default: false },
    },
  });
  const server = await serve({ port: 0 });
  const browser = await launch({ gpu: values.gpu });
  try {
    const address = `http://127.0.0.1:${server.address().port}/`;
    const tab = await Tab.open(browser, address);
    tab.page.setDefaultTimeout(0);
    if (values.model) await tab.page.selectOption("#model", values.model);
    await openPhoto(tab, Number(values.megapixels));
    const caption = await tab.page.textContent("#caption");
    const { first, whole } = await restore(tab);
    const error = await tab.error();
    if (error) throw new Error(error);
    const lines = [
      `${await tab.page.inputValue("#model")}: ${caption}`,
      `${await tab.page.textContent("#runtime")}; load ` +
        `${loadavg()[0].toFixed(1)} on ${availableParallelism()} cores`,
      `first tile ${first.toFixed(1)} s, whole ${whole.toFixed(1)} s`,
      `memory of the tab ${(await mostMemory(browser)).toFixed(0)} MB`,
    ];
    if (/WebGPU/.test(lines[1])) lines.push(await compareWithCpu(tab));
    console.log(lines.join("\n"));
  } finally {
    await browser.close();
    server.close();
  }
}

await main();
