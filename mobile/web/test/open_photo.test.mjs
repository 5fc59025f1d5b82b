import assert from "node:assert/strict";
import { test } from "node:test";

import { OpenPhoto } from "../src/open_photo.js";

const SET = { model: { name: "one" }, strength: 1, sigma: 20, told: false };
const blob = () => new Blob(["picture"]);

function open(alpha = false) {
  const size = { width: 2000, height: 500, alpha, upright: null };
  return new OpenPhoto(1, new File(["bytes"], "a.png"), size);
}

test("below full strength the same picture is shown, partly", () => {
  const photo = open();
  assert.equal(photo.megapixels, 1);
  assert.equal(photo.isKept(SET), false);
  assert.equal(photo.picture(SET), null);
  photo.keep(SET, blob());
  const half = { ...SET, strength: 0.5 };
  assert.deepEqual(photo.look(half), { strength: 1, opacity: 0.5 });
  assert.equal(photo.picture(half), photo.picture(SET));
  // Sigma says nothing to a model that does not take it.
  assert.equal(photo.isKept({ ...SET, sigma: 3 }), true);
  assert.equal(photo.isKept({ ...SET, model: { name: "other" } }), false);
  assert.equal(photo.picture({ ...SET, model: { name: "other" } }), null);
  photo.close();
});

test("above it a second pass is needed, once", () => {
  const photo = open();
  photo.keep(SET, blob());
  const strong = { ...SET, strength: 1.5 };
  assert.equal(photo.isKept(strong), false);
  photo.keep(strong, blob());
  assert.equal(photo.isKept({ ...SET, strength: 1.8 }), true);
  assert.equal(photo.picture({ ...SET, strength: 1.8 }), null);
  assert.notEqual(photo.picture(strong), photo.picture(SET));
  photo.forget();
  assert.equal(photo.isKept(SET), false);
  photo.close();
});

test("see-through photos are not laid over each other", () => {
  const photo = open(true);
  photo.keep(SET, blob());
  const half = { ...SET, strength: 0.5 };
  assert.deepEqual(photo.look(half), { strength: 0.5, opacity: 1 });
  assert.equal(photo.picture(half), null);
  assert.equal(photo.isKept(half), true);
  photo.close();
});

test("another noise level is another run", () => {
  const photo = open();
  const told = { ...SET, told: true };
  photo.keep(told, blob());
  assert.equal(photo.isKept({ ...told, strength: 0.5 }), false);
  assert.equal(photo.isKept({ ...told, sigma: 21 }), false);
  assert.equal(photo.isKept({ ...told, strength: 2, sigma: 10 }), true);
  photo.close();
});
