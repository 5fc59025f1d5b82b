// Keeps the page for times without a network. `site.mjs` puts CHECKSUMS
// before this text: the checksum of every file by its path.

const CACHE = "kerasrestore";
// Photos that another app shares with the page, until the page takes them.
const SHARED = "kerasrestore shared";
const SCOPE = new URL("./", self.location.href);
// Static hosts that cannot send these get them here, and threads with them.
const HEADERS = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

self.addEventListener("install", (event) => {
  // What is large is kept when the page says which of it this browser needs.
  const small = Object.keys(CHECKSUMS).filter(
    (path) => !path.startsWith("litert/wasm/") && !path.endsWith(".tflite"),
  );
  event.waitUntil(keep(small));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(forgetOld().then(() => self.clients.claim()));
});

self.addEventListener("message", (event) => {
  const [port] = event.ports;
  event.waitUntil(
    keep(event.data.keep)
      .catch(() => {})
      .then(async () => port.postMessage(await keptPaths())),
  );
});

self.addEventListener("fetch", (event) => {
  const path = pathOf(event.request.url);
  if (event.request.method === "POST" && path === "share") {
    event.respondWith(takeShared(event.request));
    return;
  }
  if (event.request.method !== "GET" || !Object.hasOwn(CHECKSUMS, path)) return;
  event.respondWith(answer(path));
});

function pathOf(address) {
  const { origin, pathname } = new URL(address);
  if (origin !== SCOPE.origin || !pathname.startsWith(SCOPE.pathname))
    return "";
  return pathname.slice(SCOPE.pathname.length) || "index.html";
}

// Under its checksum, so that a file of another version is another file.
function keyOf(path) {
  return new URL(`${path}?${encodeURIComponent(CHECKSUMS[path])}`, SCOPE).href;
}

async function keep(paths) {
  const cache = await caches.open(CACHE);
  for (const path of paths) {
    if (!(await cache.match(keyOf(path)))) await fetchInto(cache, path);
  }
}

async function fetchInto(cache, path) {
  const response = await fetch(new URL(path, SCOPE), {
    integrity: `sha256-${CHECKSUMS[path]}`,
    cache: "no-cache",
  });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  await cache.put(keyOf(path), response.clone());
  return response;
}

async function answer(path) {
  const cache = await caches.open(CACHE);
  const response =
    (await cache.match(keyOf(path))) ?? (await fetchInto(cache, path));
  const type = response.headers.get("Content-Type");
  return new Response(response.body, {
    headers: { ...HEADERS, "Content-Type": type },
  });
}

// What is there in fact, whoever fetched it.
async function keptPaths() {
  const cache = await caches.open(CACHE);
  const kept = new Set((await cache.keys()).map(({ url }) => url));
  return Object.keys(CHECKSUMS).filter((path) => kept.has(keyOf(path)));
}

async function takeShared(request) {
  const form = await request.formData();
  await caches.delete(SHARED);
  const cache = await caches.open(SHARED);
  for (const [index, file] of form.getAll("photos").entries()) {
    // A number first, so that their order stays.
    const name = encodeURIComponent(file.name || "photo");
    const key = new URL(`shared/${index}/${name}`, SCOPE);
    await cache.put(key, new Response(file));
  }
  return Response.redirect(new URL("./?shared", SCOPE), 303);
}

async function forgetOld() {
  const cache = await caches.open(CACHE);
  const wanted = new Set(Object.keys(CHECKSUMS).map(keyOf));
  for (const request of await cache.keys()) {
    if (!wanted.has(request.url)) await cache.delete(request);
  }
}
