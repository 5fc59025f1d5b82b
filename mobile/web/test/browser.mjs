/** @file A Chromium with the page open, for tests and screenshots. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { chromium } from "playwright-core";

import { readPng } from "../src/png_reader.js";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const PYTHON = process.env.KERASRESTORE_PYTHON ?? "python3";
const QUIET = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
// A graphics processor on Linux, without a screen.
const GPU = [
  "--enable-unsafe-webgpu",
  "--enable-features=Vulkan",
  "--use-angle=vulkan",
];
// A machine with many jobs is no reason to fail.
const PATIENCE = Number(process.env.PATIENCE ?? 120_000);

/**
 * Starts Chromium; Playwright gives it an empty folder of its own.
 *
 * @param {object} [options]
 * @param {boolean} [options.gpu] With the graphics processor.
 */
export function launch({ gpu = false } = {}) {
  const args = [...QUIET, ...(gpu ? GPU : ["--disable-gpu"])];
  return chromium.launch({ executablePath: CHROMIUM, args });
}

/**
 * Runs one of the Python scripts beside this file.
 *
 * @param {string} script
 * @param {...string} args
 */
export async function python(script, ...args) {
  const path = fileURLToPath(new URL(script, import.meta.url));
  await promisify(execFile)(PYTHON, [path, ...args], {
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "3" },
  });
}

/** The page in a tab of its own, with what a person would do on it. */
export class Tab {
  /**
   * @param {import("playwright-core").Browser} browser
   * @param {string} address
   * @param {object} [options] Of Playwright's contexts.
   */
  static async open(browser, address, options = {}) {
    const context = await browser.newContext({
      serviceWorkers: "block",
      ...options,
    });
    const tab = new Tab(context, await context.newPage());
    await tab.page.goto(address);
    await tab.page.waitForFunction(
      () => document.getElementById("model").options.length > 0,
    );
    return tab;
  }

  constructor(context, page) {
    this.context = context;
    this.page = page;
    /** Addresses of all requests, those of workers too. */
    this.requests = [];
    /** What broke without a word to the person. */
    this.faults = [];
    page.setDefaultTimeout(PATIENCE);
    context.on("request", (request) => this.requests.push(request.url()));
    page.on("pageerror", (error) => this.faults.push(error.message));
    page.on("crash", () => this.faults.push("The page crashed."));
  }

  /** Waits for one of the states, named as in `app.js`. */
  async state(...states) {
    await this.page.waitForFunction(
      (wanted) => wanted.includes(document.body.dataset.state),
      states,
    );
  }

  /** The sentence on the page, or "" if there is none. */
  async error() {
    const shown = await this.page.isVisible("#error");
    return shown ? this.page.textContent("#error-text") : "";
  }

  /** Picks a file, and waits until it is open or refused. */
  async pick(path) {
    const before = await this.page.evaluate(() => {
      document.getElementById("caption").textContent = "";
      document.getElementById("error-text").textContent = "";
      return document.body.dataset.state;
    });
    const input = before === "empty" ? "#file" : "#another";
    await this.page.setInputFiles(input, path);
    await this.page.waitForFunction(
      () =>
        document.getElementById("caption").textContent ||
        document.getElementById("error-text").textContent,
    );
  }

  /** Sets the controls. */
  async set({ model, strength = 1, sigma = null }) {
    await this.page.selectOption("#model", model);
    // Models that enlarge have no strength; for those that take the noise
    // level it is part of that.
    if (await this.page.isVisible("#dial")) {
      await this.page.fill("#strength", String(strength));
    }
    if (sigma === null) return;
    await this.page.waitForSelector("#sigma", { state: "visible" });
    await this.page.fill("#sigma", String(strength * sigma));
  }

  /** Restores and gives the picture that would be downloaded. */
  async restore() {
    await this.page.click("#restore");
    await this.state("done", "ready");
    assert.equal(await this.error(), "");
    return this.result();
  }

  /** Waits until no worker is left. */
  async idle() {
    const deadline = Date.now() + PATIENCE;
    while (this.page.workers().length) {
      assert.ok(Date.now() < deadline, "a worker is left");
      await this.page.waitForTimeout(20);
    }
  }

  /** Name, bytes and pixels of the result, saved as PNG. */
  async result() {
    await this.page.selectOption("#format", "png");
    const file = await this.download();
    return { ...file, ...(await readPng(file.bytes)) };
  }

  /** Name and bytes of what the button saves. */
  async download(button = "#download") {
    const [download] = await Promise.all([
      this.page.waitForEvent("download"),
      this.page.click(button),
    ]);
    const bytes = new Uint8Array(await readFile(await download.path()));
    return { name: download.suggestedFilename(), bytes };
  }

  close() {
    return this.context.close();
  }
}
