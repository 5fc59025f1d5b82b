/** @file The golden vectors that Python, Kotlin and JavaScript share. */

import { readFileSync } from "node:fs";

export const GOLDENS = new URL("../../models/goldens/", import.meta.url);

/**
 * @param {string} name `tiling.json`, for example.
 * @return {*} What the file holds.
 */
export function golden(name) {
  return JSON.parse(readFileSync(new URL(name, GOLDENS), "utf8"));
}
