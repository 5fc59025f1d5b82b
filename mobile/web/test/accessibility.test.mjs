import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import axe from "axe-core";

import { serve } from "../server.mjs";
import { Tab, launch } from "./browser.mjs";

const SIZES = { phone: [390, 844], tablet: [820, 1180], desk: [1280, 800] };
const SCHEMES = ["light", "dark"];
// Instead of the network: gives two tiles as they are and stops there, so
// that the page stands still in the middle of a run.
const STANDING = `
let tiles = 0;
export class Engine {
  static async create(library, content, sidecar) {
    return Object.assign(new Engine(), { sidecar, accelerator: "wasm" });
  }
  async run(tile) {
    if (++tiles > 2) await new Promise(() => {});
    return tile;
  }
  delete() {}
}
export const testImage = () => null;
`;

let browser, server, address;

before(async () => {
  server = await serve({ port: 0 });
  address = `http://127.0.0.1:${server.address().port}/`;
  browser = await launch();
});

after(async () => {
  await browser?.close();
  server?.close();
});

/** What axe finds, in both colour schemes. */
async function assertAccessible({ page }, what) {
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const { violations, passes } = await page.evaluate(async () => {
      const found = await self.axe.run(document, {
        resultTypes: ["violations"],
      });
      return {
        violations: found.violations.map(({ id, help, nodes }) => ({
          id,
          help,
          nodes: nodes.map((node) => [node.html, node.failureSummary]),
        })),
        passes: found.passes.map(({ id }) => id),
      };
    });
    // It did look.
    assert.ok(passes.includes("color-contrast"), what);
    assert.ok(passes.length > 10, passes.join());
    const told = JSON.stringify(violations, null, 1);
    assert.equal(violations.length, 0, `${what}, ${colorScheme}: ${told}`);
  }
}

async function openTab([width, height]) {
  const viewport = { width, height };
  return Tab.open(browser, address, { viewport });
}

describe("axe finds nothing", () => {
  for (const [name, size] of Object.entries(SIZES)) {
    test(`on a ${name}, at the start, with an error, restoring`, async () => {
      const tab = await openTab(size);
      try {
        const { page } = tab;
        await page.evaluate(axe.source);
        await assertAccessible(tab, "start");
        await page.setInputFiles("#file", {
          name: "notes.txt",
          mimeType: "text/plain",
          buffer: Buffer.from("Not a photo.\n"),
        });
        await page.waitForSelector("#error", { state: "visible" });
        await assertAccessible(tab, "error");
        await page.click("#error-close");
        await tab.context.route("**/src/engine.js", (route) =>
          route.fulfill({ contentType: "text/javascript", body: STANDING }),
        );
        await page.click("#sample");
        await tab.state("ready");
        await page.click("summary");
        await assertAccessible(tab, "a photo, the details unfolded");
        await page.click("#restore");
        await page.waitForFunction(() =>
          document
            .getElementById("progress-text")
            .textContent.startsWith("Tile 3 of"),
        );
        await assertAccessible(tab, "restoring");
        await page.click("#cancel");
        await tab.state("ready");
        assert.deepEqual(tab.faults, []);
      } finally {
        await tab.close();
      }
    });

    test(`on a ${name}, with a result and a list of photos`, async () => {
      const tab = await openTab(size);
      try {
        const { page } = tab;
        // Any picture is a result.
        const answers = STANDING.replace("tiles > 2", "tiles < 0");
        await tab.context.route("**/src/engine.js", (route) =>
          route.fulfill({ contentType: "text/javascript", body: answers }),
        );
        await page.evaluate(axe.source);
        const sample = await (await fetch(`${address}sample.png`)).arrayBuffer();
        const file = (named) => ({
          name: named,
          mimeType: "image/png",
          buffer: Buffer.from(sample),
        });
        await page.setInputFiles("#file", [file("a.png"), file("b.png")]);
        await tab.state("ready");
        await page.click("#restore");
        await tab.state("done");
        await assertAccessible(tab, "result");
        assert.deepEqual(tab.faults, []);
      } finally {
        await tab.close();
      }
    });
  }
});
