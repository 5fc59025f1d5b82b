import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { ModelError } from "../src/errors.js";
import { findFault } from "../src/schema.js";
import { parseSidecar, tileContext } from "../src/sidecar.js";

const LITERT = new URL("../../../kerasrestore/litert/", import.meta.url);
const schema = JSON.parse(
  readFileSync(new URL("sidecar.schema.json", LITERT), "utf8"),
);
const SOUND = {
  format: 1,
  name: "net",
  task: "denoise",
  channels: 3,
  color_order: "RGB",
  scale: 1,
  value_range: [0, 1],
  size_multiple: 4,
  receptive_field: 71,
  halo: 36,
  tile: [384, 384],
  sigma_input: false,
  sigma_range: [0, 55],
  quantization: "int8",
  quantization_method: "post_training",
  io: { image: "float32", restored: "uint8" },
  macs: 1,
  memory_bytes: 1,
  op_counts: { CONV_2D: 3 },
  sha256: "0".repeat(64),
  license: "Apache-2.0",
  quality: {},
  versions: {},
};

const parse = (changes) =>
  parseSidecar(JSON.stringify({ ...SOUND, ...changes }), schema, "net.json");

test("a sound sidecar is taken", () => {
  assert.equal(parse({}).name, "net");
  assert.equal(
    parse({
      self_test: { sigma: 1, tolerance: 0, pixels: [[0, 383, [1, 2, 3]]] },
    }).halo,
    36,
  );
  const io = { image: "uint8", restored: "uint8", sigma: "float32" };
  assert.equal(parse({ sigma_input: true, io }).sigma_input, true);
  assert.equal(parse({ scale: 2, task: "super_resolution" }).scale, 2);
  // Numbers such as 384.0 are whole ones in JSON.
  const text = JSON.stringify(SOUND).replace("384,384", "384.0,3.84e2");
  assert.deepEqual(parseSidecar(text, schema, "net.json").tile, [384, 384]);
});

test("what is wrong is told in a sentence", () => {
  for (const [changes, says] of [
    [{ format: 2 }, /its format is 2, this page reads 1/],
    [{ name: undefined }, /has no 'name'/],
    [{ name: "two\nlines" }, /name of one line/],
    [{ task: "Paint it" }, /task is "Paint it", wanted is a name/],
    [{ channels: 2, color_order: "gray" }, /channels is 2/],
    [{ channels: 1 }, /'color_order' is RGB, wanted is gray/],
    [{ tile: [384] }, /tile is \[384\]/],
    [{ tile: [384, "384"] }, /tile\[1\] is "384"/],
    [{ tile: [386, 384] }, /multiples of 4/],
    [{ tile: [64, 64] }, /'halo' 36 does not fit a tile/],
    [{ halo: 32 }, /receptive field of 71/],
    [{ receptive_field: 0, halo: 100 }, /sees all of/],
    [{ value_range: [0, 255] }, /value_range/],
    [{ sigma_range: [55, 0] }, /lower first/],
    [{ sigma_input: true }, /do not agree/],
    [{ io: { image: "int8", restored: "float32" } }, /io\.image is "int8"/],
    [{ op_counts: { CONV_2D: 1.5 } }, /op_counts\.CONV_2D/],
    [{ sha256: "abc" }, /sha256/],
    [
      { self_test: { sigma: 1, tolerance: 0, pixels: [[0, 384, [1, 2, 3]]] } },
      /out of a tile/,
    ],
    [
      { self_test: { sigma: 1, tolerance: 0, pixels: [[0, 1.5, [1]]] } },
      /self_test\.pixels\[0\]\[1\]/,
    ],
    [{ scale: 9 }, /scale/],
    [{ dynamic: true }, /no fixed tile/],
  ]) {
    assert.throws(
      () => parse(changes),
      (error) => {
        assert.ok(error instanceof ModelError);
        assert.match(error.message, says);
        assert.ok(!error.message.includes("\n"));
        return true;
      },
    );
  }
  for (const text of [
    "",
    "{",
    "[]",
    "null",
    "7",
    '{"format": NaN}',
    "[".repeat(1e5),
  ]) {
    assert.throws(() => parseSidecar(text, schema, "net.json"), ModelError);
  }
});

test("a schema with words that are not known is not half obeyed", () => {
  assert.throws(() => findFault(1, { multipleOf: 2 }), /multipleOf/);
});

test("halo and feather are those of Python", () => {
  assert.deepEqual(tileContext(SOUND), { halo: 36, feather: 0 });
  for (const [tile, halo, feather] of [
    [[384, 384], 48, 24],
    [[64, 96], 8, 4],
    [[40, 40], 10, 5],
    [[8, 8], 0, 0],
  ]) {
    const sidecar = { receptive_field: 0, tile, halo };
    assert.deepEqual(tileContext(sidecar), { halo, feather });
  }
});
