#!/usr/bin/env node
/**
 * @file Takes the pictures of the page for the docs:
 *
 *     node test/screenshots.mjs [FOLDER]
 *
 * at the size of a phone and of a desk: the start, a run with its progress,
 * the result, and the refusal of a text file; the result once more in the
 * dark.
 */

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { serve } from "../server.mjs";
import { Tab, launch, python } from "./browser.mjs";

const IMAGES = fileURLToPath(new URL("../../../docs/images", import.meta.url));
const SIZES = {
  phone: { width: 390, height: 844 },
  desk: { width: 1280, height: 800 },
};

async function takeAll(browser, address, folder) {
  for (const [name, viewport] of Object.entries(SIZES)) {
    const phone = name === "phone";
    const touch = { hasTouch: phone, isMobile: phone };
    const tab = await Tab.open(browser, address, { viewport, ...touch });
    const take = (what) => shoot(tab, folder, `web_${what}_${name}`);
    await take("start");
    await tab.page.setInputFiles("#file", {
      name: "notes.txt",
      mimeType: "text/plain",
      buffer: Buffer.from("Not a photo.\n"),
    });
    await tab.page.waitForSelector("#error", { state: "visible" });
    await take("error");
    await tab.page.click("#error-close");
    await tab.page.click("#sample");
    await tab.state("ready");
    await tab.page.click("#restore");
    await tab.page.waitForFunction(() =>
      / left$/.test(document.getElementById("progress-text").textContent),
    );
    await take("restoring");
    await tab.state("done");
    await take("result");
    if (!phone) {
      await tab.page.emulateMedia({ colorScheme: "dark" });
      await take("result_dark");
    }
    await tab.close();
  }
}

async function shoot({ page }, folder, name) {
  // The pictures have to be decoded before they are taken.
  await page.evaluate(() =>
    Promise.all(
      [...document.images].map((image) => image.decode().catch(() => {})),
    ),
  );
  await page.mouse.move(0, 0);
  const path = join(folder, `${name}.png`);
  await page.screenshot({ path });
  await python("shrink.py", path);
}

const folder = process.argv[2] ?? IMAGES;
await mkdir(folder, { recursive: true });
const server = await serve({ port: 0 });
const browser = await launch();
try {
  await takeAll(browser, `http://127.0.0.1:${server.address().port}/`, folder);
} finally {
  await browser.close();
  server.close();
}
