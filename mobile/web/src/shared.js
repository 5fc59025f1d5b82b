/** @file Photos that another app shares with the page. */

const SHARED = "kerasrestore shared";

/**
 * Takes what the service worker has received, once.
 *
 * @return {Promise<File[]>}
 */
export async function takeShared() {
  if (!new URLSearchParams(location.search).has("shared")) return [];
  // Otherwise a reload would ask for them again.
  history.replaceState(null, "", location.pathname);
  const cache = await caches.open(SHARED);
  const files = [];
  for (const request of await cache.keys()) {
    const blob = await (await cache.match(request)).blob();
    const name = decodeURIComponent(request.url.split("/").at(-1));
    files.push(new File([blob], name, { type: blob.type }));
  }
  await caches.delete(SHARED);
  return files;
}
