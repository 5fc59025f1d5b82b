#!/usr/bin/env node
/**
 * @file Takes the pictures of the page for the docs:
 *
 *     node test/screenshots.mjs [FOLDER]
 *
 * at the size of a phone, a tablet and a desk, light and dark: the start, a
 * run with its progress, the result, and the refusal of a text file. Without
 * a folder only those that the docs show go there, light unless they say
 * otherwise.
 */

import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { serve } from "../server.mjs";
import { Tab, launch, python } from "./browser.mjs";

const IMAGES = fileURLToPath(new URL("../../../docs/images/web", import.meta.url));
const SIZES = {
  phone: { width: 390, height: 844 },
  tablet: { width: 820, height: 1180 },
  desk: { width: 1280, height: 800 },
};
const SCHEMES = ["light", "dark"];

async function takeAll(browser, address, folder) {
  for (const [name, viewport] of Object.entries(SIZES)) {
    const hasTouch = name !== "desk";
    const touch = { hasTouch, isMobile: hasTouch };
    const tab = await Tab.open(browser, address, { viewport, ...touch });
    const take = (what) => shoot(tab, folder, what, name);
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
    await tab.close();
  }
}

async function shoot({ page }, folder, what, size) {
  // The pictures have to be decoded before they are taken.
  await page.evaluate(() =>
    Promise.all(
      [...document.images].map((image) => image.decode().catch(() => {})),
    ),
  );
  await page.mouse.move(0, 0);
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme });
    const dark = colorScheme === "dark" ? "_dark" : "";
    const path = join(folder, `${what}${dark}_${size}.png`);
    await page.screenshot({ path });
  }
  await page.emulateMedia({ colorScheme: null });
}

const folder = process.argv[2] ?? (await mkdtemp(join(tmpdir(), "pictures-")));
await mkdir(folder, { recursive: true });
const server = await serve({ port: 0 });
const browser = await launch();
try {
  await takeAll(browser, `http://127.0.0.1:${server.address().port}/`, folder);
  if (!process.argv[2]) {
    const shown = await readdir(IMAGES);
    const taken = await readdir(folder);
    const paths = taken
      .filter((name) => shown.includes(name))
      .map((name) => join(folder, name));
    await python("shrink.py", ...paths);
    for (const path of paths) {
      await rename(path, join(IMAGES, path.split("/").at(-1)));
    }
    await rm(folder, { recursive: true });
  }
} finally {
  await browser.close();
  server.close();
}
