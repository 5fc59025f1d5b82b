#!/usr/bin/env node
/**
 * @file Draws the icons that home screens want as PNG from `icon.svg`:
 *
 *     node make_icons.mjs [FOLDER]
 */

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { launch } from "./test/browser.mjs";

const WEB = fileURLToPath(new URL(".", import.meta.url));
// The corners of the tile are the system's to round, where `square` is set;
// what is maskable may lose a fifth of its sides.
const ICONS = {
  "icon_192.png": { side: 192 },
  "icon_512.png": { side: 512 },
  "maskable_512.png": { side: 512, square: true, margin: 0.1 },
  "apple_touch_icon.png": { side: 180, square: true },
};

async function draw(browser, svg, { side, square = false, margin = 0 }) {
  const page = await browser.newPage({
    viewport: { width: side, height: side },
  });
  const inner = Math.round(side * (1 - 2 * margin));
  const shown = square ? svg.replace(/ rx="\d+"/u, "") : svg;
  const [, fill] = /<rect[^>]* fill="(#\w+)"/u.exec(svg);
  await page.setContent(
    `<body style="margin:0;display:grid;place-items:center;height:100vh;` +
      `background:${square ? fill : "transparent"}">` +
      shown.replace("<svg", `<svg width="${inner}" height="${inner}"`),
  );
  const png = { omitBackground: !square, type: "png" };
  const picture = await page.screenshot(png);
  await page.close();
  return picture;
}

const folder = process.argv[2] ?? join(WEB, "icons");
await mkdir(folder, { recursive: true });
const svg = await readFile(join(WEB, "icon.svg"), "utf8");
const browser = await launch();
try {
  for (const [name, icon] of Object.entries(ICONS)) {
    await writeFile(join(folder, name), await draw(browser, svg, icon));
  }
} finally {
  await browser.close();
}
