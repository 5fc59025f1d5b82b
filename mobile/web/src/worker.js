/**
 * @file The script of the worker. A classic one, as LiteRT.js loads its build
 * by `importScripts`, which module workers do not have; the work is done by
 * modules all the same, one request after the other.
 */

let last = import("./studio.js");
self.onmessage = ({ data }) => {
  last = last.then(async (studio) => {
    await studio.handle(data);
    return studio;
  });
  // As an error of the worker, which the page hears of.
  last.catch((error) =>
    setTimeout(() => {
      throw error;
    }),
  );
};
