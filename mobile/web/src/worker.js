/**
 * @file The script of the worker. A classic one, as LiteRT.js loads its build
 * by `importScripts`, which module workers do not have; the work is done by
 * modules all the same.
 */

const studio = import("./studio.js");
self.onmessage = async ({ data }) => (await studio).handle(data);
