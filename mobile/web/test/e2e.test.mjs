import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { serve } from "../server.mjs";
import { MODELS } from "../site.mjs";
import { readOrientation } from "../src/exif.js";
import { purposeOf } from "../src/model_names.js";
import { readHeader } from "../src/photo_header.js";
import { readPng } from "../src/png_reader.js";
import { Tab, launch, python } from "./browser.mjs";
import { GOLDENS, golden } from "./goldens.mjs";

const COLOR = "danet_mobile_denoise_color_blind_bsd400";
const SIZES = { phone: [390, 844], tablet: [820, 1180], desk: [1280, 800] };

let folder, photos, browser, server, address;

const photo = (name) => join(photos, name);
const addressOf = (one) => `http://127.0.0.1:${one.address().port}/`;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "kerasrestore-web-"));
  photos = join(folder, "photos");
  await python("make_photos.py", photos);
  await python("make_models.py", MODELS, photos, folder);
  server = await serve({ port: 0, models: join(folder, "models") });
  address = addressOf(server);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  server?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Runs steps in a new tab, and fails if the tab did or asked anything odd. */
async function inTab(steps, { at = address, ...options } = {}) {
  const tab = await Tab.open(browser, at, options);
  try {
    await steps(tab);
    assert.deepEqual(tab.faults, []);
    const foreign = tab.requests.filter(
      (url) => !url.startsWith("blob:") && !url.startsWith(at),
    );
    assert.deepEqual(foreign, []);
  } finally {
    await tab.close();
  }
}

function assertSame(found, wanted, what) {
  assert.equal(found.length, wanted.length, what);
  const at = found.findIndex((byte, index) => byte !== wanted[index]);
  assert.equal(
    at,
    -1,
    `${what}: byte ${at} is ${found[at]}, not ${wanted[at]}`,
  );
}

describe("restored pixels are Python's on every byte", () => {
  test("of a 700x500 photo, in float32 and int8, and of small models", () =>
    inTab(async (tab) => {
      const models = join(folder, "models");
      const runs = JSON.parse(await readFile(join(models, "runs.json")));
      for (const name of ["", "_int8", "_uint8", "_int8_uint8"]) {
        assert.ok(
          runs.some(({ model }) => model === `${COLOR}${name}`),
          name,
        );
      }
      for (const run of runs) {
        await tab.pick(photo(run.photo));
        await tab.set(run);
        const { pixels, name } = await tab.restore();
        assertSame(pixels, await readFile(join(models, run.bytes)), run.model);
        assert.equal(name, run.photo.replace(".png", "_restored.png"));
      }
      assert.match(await tab.page.textContent("#runtime"), /thread/);
      // The worker's requests are seen too.
      assert.ok(tab.requests.some((url) => url.endsWith(".wasm")));
    }));

  test("of the golden pictures", () =>
    inTab(async (tab) => {
      for (const one of golden("pixels.json")) {
        await tab.pick(fileURLToPath(new URL(one.input, GOLDENS)));
        await tab.set(one);
        const found = await tab.restore();
        const file = await readFile(new URL(one.expected, GOLDENS));
        const wanted = await readPng(new Uint8Array(file));
        assert.equal(found.width, wanted.width);
        assertSame(found.pixels, wanted.pixels, one.expected);
        assert.deepEqual(found.alpha, wanted.alpha);
      }
    }));

  test("on one thread, where the host sends no headers", async () => {
    const models = join(folder, "models");
    const plain = await serve({ port: 0, models, headers: {} });
    try {
      await inTab(
        async (tab) => {
          assert.equal(await tab.page.evaluate("crossOriginIsolated"), false);
          const runs = JSON.parse(await readFile(join(models, "runs.json")));
          const run = runs.find(({ model }) => model === `${COLOR}_int8`);
          await tab.pick(photo(run.photo));
          await tab.set(run);
          const { pixels } = await tab.restore();
          assertSame(pixels, await readFile(join(models, run.bytes)), "pixels");
          assert.match(await tab.page.textContent("#runtime"), /1 thread$/);
        },
        { at: addressOf(plain) },
      );
    } finally {
      plain.close();
    }
  });
});

// At strength 0 the pixels are those of the file, whatever the model says.
describe("photos are read and written byte by byte", () => {
  const lossless = [
    "small.png",
    "gray.png",
    "alpha.png",
    "palette.png",
    "one_bit.png",
    "sixteen_bit.png",
    "turned.png",
    "turned.webp",
    "lossless.webp",
    "plain.bmp",
  ];

  async function through(tab, name) {
    await tab.pick(photo(name));
    await tab.set({ model: "small_bytes", strength: 0 });
    return tab.restore();
  }

  test("PNG, WebP and BMP, gray, palette, alpha, turned, 16 bits", () =>
    inTab(async (tab) => {
      for (const name of lossless) {
        const found = await through(tab, name);
        assertSame(found.pixels, await readFile(photo(`${name}.bin`)), name);
        if (name.startsWith("alpha")) {
          const alpha = await readFile(photo(`${name}.alpha.bin`));
          assertSame(found.alpha, alpha, name);
        } else {
          assert.equal(found.alpha, null, name);
        }
        const told = /16 bits/.test(await tab.page.textContent("#notes"));
        assert.equal(told, name === "sixteen_bit.png", name);
      }
    }));

  test("GIF by its first picture, and AVIF", () =>
    inTab(async (tab) => {
      const gif = await through(tab, "several.gif");
      assertSame(gif.pixels, await readFile(photo("several.gif.bin")), "GIF");
      assert.match(await tab.page.textContent("#notes"), /2 pictures/);
      const { pixels } = await through(tab, "photo.avif");
      const wanted = await readFile(photo("photo.avif.bin"));
      const far = pixels.filter((byte, i) => Math.abs(byte - wanted[i]) > 8);
      assert.ok(far.length < wanted.length / 100, `${far.length} are off`);
      assert.match(await tab.page.textContent("#notes"), /sRGB/);
    }));

  test("JPEG as Pillow decodes it, but for a step", () =>
    inTab(async (tab) => {
      for (const name of ["turned.jpg", "gray.jpg"]) {
        const { pixels } = await through(tab, name);
        const wanted = await readFile(photo(`${name}.bin`));
        assert.equal(pixels.length, wanted.length, name);
        const far = pixels.filter((byte, i) => Math.abs(byte - wanted[i]) > 1);
        assert.equal(far.length, 0, name);
      }
    }));

  test("the profile and the EXIF block go along, upright", () =>
    inTab(async (tab) => {
      for (const name of ["turned.png", "turned.webp", "turned.jpg"]) {
        const { chunks, exif, width, height } = await through(tab, name);
        assert.deepEqual([width, height], [60, 80], name);
        assert.ok(
          chunks.some(({ type }) => type === "iCCP"),
          name,
        );
        assert.match(Buffer.from(exif).toString("latin1"), /A camera/, name);
        const shown = await tab.page.evaluate(() =>
          ["before", "after"].map((id) => {
            const image = document.getElementById(id);
            return [image.naturalWidth, image.naturalHeight];
          }),
        );
        assert.deepEqual(
          shown,
          [
            [60, 80],
            [60, 80],
          ],
          name,
        );
      }
    }));

  test("Chromium reads the PNG as it was written", () =>
    inTab(async (tab) => {
      await tab.pick(photo("small.png"));
      await tab.set({ model: "small_bytes" });
      const { pixels } = await tab.restore();
      const seen = await tab.page.evaluate(() => {
        const image = document.getElementById("after");
        const { naturalWidth: width, naturalHeight: height } = image;
        const context = new OffscreenCanvas(width, height).getContext("2d");
        context.drawImage(image, 0, 0);
        return [...context.getImageData(0, 0, width, height).data];
      });
      const colors = Uint8Array.from(seen.filter((_, i) => i % 4 < 3));
      assertSame(pixels, colors, "the canvas");
    }));
});

describe("results are saved", () => {
  test("as JPEG and WebP, with EXIF block and profile, upright", () =>
    inTab(async (tab) => {
      const { page } = tab;
      await tab.pick(photo("turned.jpg"));
      await tab.set({ model: "small_bytes", strength: 0 });
      const { pixels } = await tab.restore();
      for (const [format, ending] of [
        ["jpeg", "jpg"],
        ["webp", "webp"],
      ]) {
        await page.selectOption("#format", format);
        assert.equal(await page.isVisible("#quality"), true);
        await page.fill("#quality", "100");
        const { name, bytes } = await tab.download();
        assert.equal(name, `turned_restored.${ending}`);
        const header = readHeader(bytes);
        assert.equal(header.type, `image/${format}`);
        assert.deepEqual([header.width, header.height], [60, 80]);
        assert.equal(readOrientation(header.exif), 1);
        assert.match(Buffer.from(header.exif).toString("latin1"), /A camera/);
        assert.match(
          Buffer.from(header.profile).toString(),
          /^(not a real profile, kept byte by byte){40}$/,
        );
        // As this page reads it again.
        await tab.pick({
          name,
          mimeType: header.type,
          buffer: Buffer.from(bytes),
        });
        await tab.set({ model: "small_bytes", strength: 0 });
        const again = await tab.restore();
        const far = again.pixels.filter((v, i) => Math.abs(v - pixels[i]) > 24);
        assert.ok(far.length < 0.02 * pixels.length, `${format} ${far.length}`);
        await tab.pick(photo("turned.jpg"));
        await tab.restore();
      }
      await page.selectOption("#format", "jpeg");
      const sizes = [];
      for (const quality of ["50", "95"]) {
        await page.fill("#quality", quality);
        sizes.push((await tab.download()).bytes.length);
      }
      assert.ok(sizes[0] < sizes[1]);
      await tab.pick(photo("alpha.png"));
      await tab.restore();
      await page.selectOption("#format", "jpeg");
      await tab.download();
      assert.match(await page.textContent("#saved"), /see-through is white/);
    }));

  test("by the sharing of the device, where it has one", () =>
    inTab(async (tab) => {
      const { page } = tab;
      assert.equal(await page.isVisible("#share"), false);
      await page.addInitScript(() => {
        navigator.canShare = ({ files }) => files[0].type === "image/png";
        navigator.share = async ({ files: [file] }) => {
          document.title = `${file.name} ${file.type}`;
        };
      });
      await page.reload();
      await tab.pick(photo("small.png"));
      await page.selectOption("#model", "small_bytes");
      await tab.restore();
      await page.selectOption("#format", "jpeg");
      await page.click("#share");
      await page.locator("#saved").filter({ hasText: "Shared." }).waitFor();
      assert.equal(await page.title(), "small_restored.jpg image/jpeg");
    }));

  test("to the clipboard", () =>
    inTab(
      async (tab) => {
        const { page } = tab;
        await tab.pick(photo("small.png"));
        await tab.set({ model: "small_bytes", strength: 0.5 });
        await tab.restore();
        await page.click("#copy");
        await page.locator("#saved").filter({ hasText: "Copied" }).waitFor();
        const width = await page.evaluate(async () => {
          const [item] = await navigator.clipboard.read();
          const blob = await item.getType("image/png");
          return (await createImageBitmap(blob)).width;
        });
        assert.equal(width, 80);
      },
      { permissions: ["clipboard-read", "clipboard-write"] },
    ));
});

describe("several photos", () => {
  test("are restored in turn and saved one by one or as one file", () =>
    inTab(async (tab) => {
      const { page } = tab;
      const names = ["cut.png", "small.png", "gray.png"];
      await page.setInputFiles("#file", names.map(photo));
      await tab.state("ready");
      assert.match(await page.textContent("#caption"), /^small\.png/);
      assert.equal(await page.textContent("#queue-title"), "3 photos");
      await tab.set({ model: "small_bytes", strength: 0 });
      await page.click("#queue-run");
      await page.waitForSelector("#queue-zip", { state: "visible" });
      assert.equal(
        await page.evaluate("document.activeElement.id"),
        "queue-zip",
      );
      assert.match(await page.textContent("#status"), /2 of 3/);
      const rows = page.locator("#queue-list li");
      assert.match(await rows.nth(0).textContent(), /Not restored\. .*damaged/);
      const save = (row) =>
        `#queue-list li:nth-child(${row}) button:last-child`;
      assert.equal(await page.isVisible(save(1)), false);
      const one = await tab.download(save(3));
      assert.equal(one.name, "gray_restored.png");
      const { pixels } = await readPng(one.bytes);
      assertSame(pixels, await readFile(photo("gray.png.bin")), "gray");
      const zip = await tab.download("#queue-zip");
      assert.equal(zip.name, "restored_photos.zip");
      assert.ok(Buffer.from(zip.bytes).includes("small_restored.png"));
      // A name opens its photo above.
      await rows.nth(2).locator(".name").click();
      const caption = page.locator("#caption");
      await caption.filter({ hasText: "gray.png" }).waitFor();
      await page.click("#queue-clear");
      assert.equal(await page.isVisible("#queue"), false);
    }));
});

describe("what cannot be restored is refused in a sentence", () => {
  test("files", () =>
    inTab(async (tab) => {
      const refusals = {
        "text.txt": /not a picture/,
        "text.png": /not a picture/,
        "photo.heic": /cannot read HEIC/,
        "cut.gif": /damaged/,
        "empty.jpg": /empty/,
        "cut.jpg": /damaged/,
        "cut.png": /damaged/,
        "broken.png": /damaged/,
        "cut.webp": /damaged/,
        "huge.png": /10000 x 10000 pixels/,
        "cmyk.jpg": /CMYK/,
        "moving.webp": /several pictures/,
        "moving.png": /several pictures/,
      };
      for (const [name, says] of Object.entries(refusals)) {
        await tab.pick(photo(name));
        assert.match(await tab.error(), says, name);
        assert.ok((await tab.error()).startsWith(`${name}: `));
        await tab.state("empty");
      }
      // The next photo works, and a refusal leaves it open.
      await tab.pick(photo("small.png"));
      await tab.state("ready");
      assert.equal(await tab.error(), "");
      await tab.pick(photo("text.txt"));
      assert.match(await tab.error(), /not a picture/);
      await tab.state("ready");
      await tab.page.selectOption("#model", "small_bytes");
      assert.equal((await tab.restore()).width, 80);
    }));

  test("models", async () => {
    const models = join(folder, "strangers");
    const list = JSON.parse(await readFile(join(models, "models.json")));
    const strange = await serve({ port: 0, models });
    try {
      await inTab(
        async (tab) => {
          await tab.pick(photo("small.png"));
          for (const { name, says } of list.models.filter((one) => one.says)) {
            await tab.page.selectOption("#model", name);
            await tab.page.click("#restore");
            await tab.state("ready");
            const sentence = await tab.error();
            assert.match(sentence, new RegExp(says), name);
            assert.ok(sentence.length < 400, sentence);
          }
          await tab.page.selectOption("#model", "good");
          assert.equal((await tab.restore()).width, 80);
        },
        { at: addressOf(strange) },
      );
    } finally {
      strange.close();
    }
  });
});

/** Starts a run of thousands of small tiles, and waits for the first ones. */
async function startLong(tab) {
  const { page } = tab;
  await tab.pick(photo("noisy.png"));
  await page.selectOption("#model", "small_sigma");
  await page.click("#restore");
  await page.waitForFunction(() =>
    /Tile [2-9]\d* of \d+, .* left$/.test(
      document.getElementById("progress-text").textContent,
    ),
  );
}

describe("a run", () => {
  test("is cancelled in the middle, and the next one works", () =>
    inTab(async (tab) => {
      const { page } = tab;
      await startLong(tab);
      assert.equal(await page.isVisible("#dial"), false);
      await page.click("#cancel");
      await tab.state("ready");
      assert.equal(await tab.error(), "");
      await tab.idle();
      await tab.pick(photo("small.png"));
      assert.equal((await tab.restore()).width, 80);
    }));

  test("is given up for another photo", () =>
    inTab(async (tab) => {
      await tab.pick(photo("noisy.png"));
      await tab.page.selectOption("#model", "small_sigma");
      await tab.page.click("#restore");
      await tab.state("busy");
      await tab.pick(photo("small.png"));
      await tab.state("ready");
      assert.match(
        await tab.page.textContent("#caption"),
        /^small\.png, 80 x 60/,
      );
      assert.equal((await tab.restore()).width, 80);
    }));

  test("outlives a file that cannot be opened", () =>
    inTab(async (tab) => {
      const { page } = tab;
      await tab.pick(photo("noisy.png"));
      await page.selectOption("#model", "small_sigma");
      await page.click("#restore");
      await tab.state("busy");
      assert.equal(await page.evaluate("document.activeElement.id"), "cancel");
      await tab.pick(photo("cut.png"));
      assert.match(await tab.error(), /damaged/);
      await tab.state("busy");
      await page.click("#cancel");
      await tab.state("ready");
      assert.equal(await page.evaluate("document.activeElement.id"), "restore");
      assert.equal(await page.textContent("#status"), "Cancelled.");
      // So does a result, which the next photo ends.
      await page.selectOption("#model", "small_bytes");
      await tab.pick(photo("small.png"));
      await tab.restore();
      await tab.pick(photo("text.txt"));
      await tab.state("done");
      assert.equal((await tab.result()).width, 80);
      await tab.pick(photo("gray.png"));
      await tab.state("ready");
    }));

  test("or a result that is not saved keeps the page from being left", () =>
    inTab(async (tab) => {
      const { page } = tab;
      const leave = async () => {
        const asked = page.waitForEvent("dialog", { timeout: 5000 });
        await page.close({ runBeforeUnload: true });
        const dialog = await asked;
        await dialog.dismiss();
        return dialog.type();
      };
      await tab.pick(photo("small.png"));
      await page.selectOption("#model", "small_bytes");
      await page.click("#restore");
      await tab.state("done");
      assert.equal(await leave(), "beforeunload");
      await tab.result();
      await page.close({ runBeforeUnload: true });
      await tab.context
        .waitForEvent("close", { timeout: 5000 })
        .catch(() => {});
      assert.equal(page.isClosed(), true);
    }));

  test("shows finished tiles, those in the middle first", () =>
    inTab(async (tab) => {
      const { page } = tab;
      await startLong(tab);
      const [middle, corner] = await page.evaluate(() => {
        const canvas = document.getElementById("preview");
        const context = canvas.getContext("2d");
        const { width, height } = canvas;
        return [
          [width / 2, height / 2],
          [width - 1, height - 1],
        ].map((at) => context.getImageData(...at, 1, 1).data[3]);
      });
      assert.deepEqual([middle, corner], [255, 0]);
      await page.click("#cancel");
      await tab.state("ready");
    }));

  test("gives any strength below 1 at once, with Python's bytes", () =>
    inTab(async (tab) => {
      const { page } = tab;
      const models = join(folder, "models");
      const runs = JSON.parse(await readFile(join(models, "runs.json")));
      const run = runs.find(({ model }) => model === "small_gray");
      assert.ok(run.strength < 1);
      await tab.pick(photo(run.photo));
      await page.selectOption("#model", run.model);
      await tab.restore();
      await page.evaluate(() => {
        const bar = document.getElementById("bar");
        new MutationObserver(() => (document.title = "ran again")).observe(
          bar,
          { attributes: true },
        );
      });
      await page.fill("#strength", String(run.strength));
      assert.equal(await page.getAttribute("body", "data-state"), "done");
      const opacity = await page.evaluate(
        () => document.getElementById("after").style.opacity,
      );
      assert.equal(Number(opacity), run.strength);
      const { pixels } = await tab.result();
      assertSame(pixels, await readFile(join(models, run.bytes)), "half");
      assert.doesNotMatch(await page.title(), /again/);
      // Stronger takes another pass, once.
      await page.fill("#strength", "1.5");
      await tab.state("ready");
      assert.equal(await page.isVisible("#after"), false);
      assert.equal(await page.textContent("#strength-text"), "150 %");
      // Back again, and the slider is not taken from the fingers.
      await page.fill("#strength", "0.9");
      await tab.state("done");
      assert.equal(
        await page.evaluate("document.activeElement.id"),
        "strength",
      );
      await page.fill("#strength", "1.5");
      await tab.state("ready");
      const strong = await tab.restore();
      await page.fill("#strength", "0");
      const none = await tab.result();
      assertSame(none.pixels, await readFile(photo("small.png.bin")), "none");
      await page.fill("#strength", "1.5");
      const source = page.locator("#after");
      await source.evaluate((image) => image.decode());
      assertSame((await tab.result()).pixels, strong.pixels, "strong");
    }));
});

describe("the page", () => {
  test("takes photos that are dropped and pasted, and has one of its own", () =>
    inTab(async (tab) => {
      for (const type of ["drop", "paste"]) {
        await tab.page.evaluate(async (name) => {
          const response = await fetch("sample.png");
          const files = new DataTransfer();
          files.items.add(new File([await response.blob()], `${name}.png`));
          const event =
            name === "drop"
              ? new DragEvent("drop", { dataTransfer: files, bubbles: true })
              : new ClipboardEvent("paste", { clipboardData: files });
          document.dispatchEvent(event);
        }, type);
        const caption = tab.page.locator("#caption");
        await caption.filter({ hasText: `${type}.png` }).waitFor();
      }
      await tab.page.reload();
      await tab.page.click("#sample");
      await tab.state("ready");
    }));

  test("has a line that keys and the pointer move", () =>
    inTab(async (tab) => {
      const { page } = tab;
      await tab.pick(photo("small.png"));
      await page.selectOption("#model", "small_bytes");
      await tab.restore();
      const value = async () =>
        Number(await page.getAttribute("#handle", "aria-valuenow"));
      await page.focus("#handle");
      assert.equal(await value(), 50);
      for (const [key, wanted] of [
        ["ArrowRight", 51],
        ["ArrowLeft", 50],
        ["PageDown", 40],
        ["Home", 0],
        ["ArrowLeft", 0],
        ["End", 100],
      ]) {
        await page.keyboard.press(key);
        assert.equal(await value(), wanted, key);
      }
      assert.equal(
        await page.getAttribute("#handle", "aria-valuetext"),
        "100 % before, 0 % after",
      );
      const box = await page.locator("#stage").boundingBox();
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width / 4, box.y + box.height / 2);
      await page.mouse.up();
      assert.equal(await value(), 25);
      const clip = await page.evaluate(
        () => getComputedStyle(document.getElementById("after")).clipPath,
      );
      assert.equal(parseFloat(clip.split(" ").at(-1)), box.width / 4);
    }));

  test("zooms by keys, buttons, wheel and two fingers", () =>
    inTab(
      async (tab) => {
        const { page } = tab;
        await tab.pick(photo("small.png"));
        const stage = page.locator("#stage");
        const wide = async () => (await stage.boundingBox()).width;
        const fit = await wide();
        assert.equal(fit, 320);
        await page.click("#zoom");
        assert.equal(await page.textContent("#zoom-text"), "100 %");
        assert.equal(await wide(), 80);
        await page.click("#zoom");
        assert.equal(await wide(), fit);
        await page.click("#zoom-in");
        assert.equal(await wide(), 1.5 * fit);
        await page.click("#zoom-out");
        assert.equal(await wide(), fit);
        assert.equal(await page.isDisabled("#zoom-out"), true);
        await stage.hover();
        await page.mouse.wheel(0, -100);
        await page.waitForFunction(
          (width) => document.getElementById("stage").offsetWidth > width,
          fit,
        );
        // Eight screen pixels for one of the picture, and no more.
        for (let i = 0; i < 5; i++) await page.mouse.wheel(0, -1000);
        await page.waitForFunction(
          () => document.getElementById("stage").offsetWidth === 640,
        );
        await page.selectOption("#model", "small_bytes");
        await tab.restore();
        await page.focus("#handle");
        await page.keyboard.press("0");
        assert.equal(await wide(), fit);
        const { x, y } = await stage.boundingBox();
        const session = await tab.context.newCDPSession(page);
        const touch = (type, ...points) =>
          session.send("Input.dispatchTouchEvent", {
            type,
            touchPoints: points.map((at, id) => ({ x: x + at, y: y + 90, id })),
          });
        await touch("touchStart", 140, 180);
        for (const by of [5, 10, 20, 30]) {
          await touch("touchMove", 140 - by, 180 + by);
        }
        await touch("touchEnd");
        assert.ok((await wide()) > 1.5 * fit, `${await wide()}`);
      },
      { hasTouch: true },
    ));

  test("has words that keep to the line", () =>
    inTab(async (tab) => {
      const { page } = tab;
      await tab.pick(photo("noisy.png"));
      await tab.set({ model: "small_bytes", strength: 0 });
      await tab.restore();
      const gaps = async () => {
        const line = await page.locator("#handle").boundingBox();
        const middle = line.x + line.width / 2;
        const [before, after] = await Promise.all(
          [0, 1].map((i) => page.locator(".tag").nth(i).boundingBox()),
        );
        return [
          before && middle - before.x - before.width,
          after && after.x - middle,
        ].map((gap) => gap && Math.round(gap));
      };
      assert.deepEqual(await gaps(), [28, 28]);
      await page.focus("#handle");
      for (let i = 0; i < 2; i++) await page.keyboard.press("PageDown");
      assert.deepEqual(await gaps(), [28, 28]);
      await page.keyboard.press("Home");
      assert.deepEqual(await gaps(), [null, 28]);
    }));

  test("has one dial, of the strength or of the noise level", () =>
    inTab(async (tab) => {
      const models = join(folder, "models");
      const list = JSON.parse(await readFile(join(models, "models.json")));
      const entry = list.models.find(({ name }) => name === list.default);
      const sidecar = JSON.parse(await readFile(join(models, entry.sidecar)));
      await tab.pick(photo("small.png"));
      assert.equal(await tab.page.inputValue("#model"), entry.name);
      const title = await tab.page.textContent("#model option:checked");
      assert.equal(title, purposeOf(sidecar).title);
      assert.equal(await tab.page.isVisible("#detail"), false);
      await tab.page.click("summary");
      const detail = await tab.page.textContent("#detail");
      assert.ok(detail.startsWith(`${entry.tflite}, `), detail);
      assert.match(detail, / MB, int8\. Licence: /);
      assert.equal(await tab.page.isVisible("#sigma"), false);
      await tab.page.selectOption("#model", "small_sigma");
      await tab.page.waitForSelector("#sigma", { state: "visible" });
      assert.equal(await tab.page.getAttribute("#sigma", "max"), "55");
      // One dial: of what enlarges there is none.
      assert.equal(await tab.page.isVisible("#strength"), false);
      await tab.page.selectOption("#model", "enlarge_2x");
      await tab.page.waitForSelector("#sigma", { state: "hidden" });
      assert.equal(await tab.page.isVisible("#strength"), false);
      await tab.page.selectOption("#model", "small_gray");
      await tab.page.waitForSelector("#strength", { state: "visible" });
    }));

  for (const [name, [width, height]] of Object.entries(SIZES)) {
    test(`fits a ${name} of ${width}x${height}`, () =>
      inTab(
        async (tab) => {
          const { page } = tab;
          const fits = async () => {
            const wide = await page.evaluate(
              () => document.documentElement.scrollWidth,
            );
            assert.ok(wide <= width, `${wide} pixels wide`);
          };
          await fits();
          await tab.pick(photo("text.txt"));
          await fits();
          await tab.pick(photo("noisy.png"));
          await fits();
          const stage = page.locator("#stage");
          assert.ok((await stage.boundingBox()).width <= width);
          if (await page.isEnabled("#zoom")) await page.click("#zoom");
          assert.equal((await stage.boundingBox()).width, 700);
          await fits();
          await page.selectOption("#model", "small_bytes");
          await tab.pick(photo("small.png"));
          await tab.restore();
          await fits();
        },
        { viewport: { width, height } },
      ));
  }

  test("works without a network after it was loaded", async () => {
    const models = join(folder, "models");
    const leaving = await serve({ port: 0, models, headers: {} });
    const at = addressOf(leaving);
    await inTab(
      async (tab) => {
        const { page } = tab;
        await page.locator("#offline").filter({ hasText: "Works" }).waitFor();
        assert.match(
          await page.textContent("#offline"),
          /without a network with: [^;]*\. Reload the page/,
        );
        leaving.closeAllConnections();
        await new Promise((resolve) => leaving.close(resolve));
        await page.reload();
        // The service worker has added the headers that the host did not send.
        assert.equal(await page.evaluate("crossOriginIsolated"), true);
        await page.click("#sample");
        await tab.state("ready");
        assert.equal((await tab.restore()).width, 512);
      },
      { at, serviceWorkers: "allow" },
    );
  });

  test("keeps a model when it is used, and says so", () =>
    inTab(
      async (tab) => {
        const { page } = tab;
        const told = page.locator("#offline");
        await told.filter({ hasText: "Works" }).waitFor();
        assert.doesNotMatch(await told.textContent(), /;/);
        // From now on, the service worker sees what is fetched.
        await page.reload();
        await told.filter({ hasText: "Works" }).waitFor();
        await tab.pick(photo("small.png"));
        await page.selectOption("#model", "small_gray");
        await tab.restore();
        await told.filter({ hasText: /; Black and white/ }).waitFor();
      },
      { serviceWorkers: "allow" },
    ));

  test("takes photos that another app shares", () =>
    inTab(
      async (tab) => {
        const { page } = tab;
        await page.locator("#offline").filter({ hasText: "Works" }).waitFor();
        const manifest = await page.evaluate(async () => {
          const { href } = document.querySelector("link[rel=manifest]");
          return (await fetch(href)).json();
        });
        const { action, params } = manifest.share_target;
        // As a browser does it, but for the page that it opens.
        const opened = await page.evaluate(
          async ([to, name]) => {
            const body = new FormData();
            const sample = await (await fetch("sample.png")).blob();
            const type = "image/png";
            body.append(name, new File([sample], "one two.png", { type }));
            body.append(name, new File(["no photo"], "b.png", { type }));
            return (await fetch(to, { method: "POST", body })).url;
          },
          [action, params.files[0].name],
        );
        assert.match(opened, /\/\?shared$/);
        await page.goto(opened);
        await tab.state("ready");
        assert.match(await page.textContent("#caption"), /^one two\.png/);
        assert.equal(await page.textContent("#queue-title"), "2 photos");
        // They are there once.
        assert.equal(page.url(), address);
        await page.goto(opened);
        await tab.state("empty");
      },
      { serviceWorkers: "allow" },
    ));
});
