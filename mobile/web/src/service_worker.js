// Keeps the page for times without a network. `site.mjs` puts CHECKSUMS
// before this text: the checksum of every file by its path.

const CACHE = "kerasrestore";
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
    keep(event.data.keep).then(
      () => port.postMessage("kept"),
      () => port.postMessage("failed"),
    ),
  );
});

self.addEventListener("fetch", (event) => {
  const path = pathOf(event.request.url);
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

async function forgetOld() {
  const cache = await caches.open(CACHE);
  const wanted = new Set(Object.keys(CHECKSUMS).map(keyOf));
  for (const request of await cache.keys()) {
    if (!wanted.has(request.url)) await cache.delete(request);
  }
}
