import assert from "node:assert/strict";
import { test } from "node:test";

import { nameModels, purposeOf } from "../src/model_names.js";

const COLOR = {
  name: "color_blind",
  task: "denoise",
  channels: 3,
  scale: 1,
  sigma_input: false,
  quantization: "int8",
  io: { image: "float32" },
};

test("a model is named by what it is for", () => {
  const title = (changes) => purposeOf({ ...COLOR, ...changes }).title;
  assert.equal(title({}), "Clean synthetic noise");
  assert.equal(title({ name: "color_camera" }), "Photo");
  assert.equal(title({ name: "color_camera_strong" }), "Strong noise");
  assert.equal(title({ channels: 1 }), "Black and white");
  assert.equal(title({ sigma_input: true }), "Noise level by hand");
  assert.equal(title({ task: "jpeg" }), "JPEG artifacts");
  const large = { task: "super_resolution", scale: 2 };
  assert.equal(title(large), "Enlarge 2x");
});

test("one version of each is offered, the others apart", () => {
  const sidecars = [
    { ...COLOR, quantization: "float32" },
    COLOR,
    { ...COLOR, io: { image: "uint8" } },
    { ...COLOR, name: "gray", channels: 1, quantization: "float32" },
    { ...COLOR, name: "gray", channels: 1 },
    { ...COLOR, name: "mine" },
    null,
  ];
  const names = ["f32", "int8", "bytes", "gray", "gray_int8", "mine", "broken"];
  const entries = names.map((name) => ({ name, title: `title of ${name}` }));
  const { main, versions } = nameModels(entries, sidecars, "int8");
  assert.deepEqual(
    main.map(({ name, title }) => [name, title]),
    [
      ["int8", "Clean synthetic noise"],
      ["gray_int8", "Black and white"],
      ["mine", "Clean synthetic noise (mine)"],
      ["broken", "title of broken"],
    ],
  );
  assert.deepEqual(
    versions.map(({ name, title }) => [name, title]),
    [
      ["f32", "Clean synthetic noise, float32"],
      ["bytes", "Clean synthetic noise, int8, bytes in and out"],
      ["gray", "Black and white, float32"],
    ],
  );
});
