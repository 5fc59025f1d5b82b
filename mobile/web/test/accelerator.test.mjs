import assert from "node:assert/strict";
import { test } from "node:test";

import { chooseEngine, findAdapter } from "../src/accelerator.js";

const SIDECAR = {
  tile: [4, 6],
  channels: 1,
  sigma_range: [0, 50],
  io: { image: "float32", restored: "float32" },
};
const ADAPTER = { info: {} };

/** An engine that adds to what it is given. */
function fake(add, io = SIDECAR.io) {
  const engine = { sidecar: { ...SIDECAR, io }, deleted: false, told: [] };
  engine.run = async (tile, sigma) => {
    engine.told.push(sigma);
    return tile.map((value) => value + add);
  };
  engine.delete = () => (engine.deleted = true);
  return engine;
}

test("an adapter is real, or there is none", async () => {
  const gpu = (answer) => ({ requestAdapter: async () => answer });
  assert.equal(await findAdapter(undefined), null);
  assert.equal(await findAdapter(gpu(null)), null);
  assert.equal(await findAdapter(gpu(ADAPTER)), ADAPTER);
  const software = { info: { isFallbackAdapter: true } };
  assert.equal(await findAdapter(gpu(software)), null);
  const broken = { requestAdapter: () => Promise.reject(new Error("lost")) };
  assert.equal(await findAdapter(broken), null);
});

test("the graphics processor is taken if it agrees", async () => {
  for (const add of [0, 1.5 / 255, -1.9 / 255]) {
    const [cpu, gpu] = [fake(0), fake(add)];
    const chosen = await chooseEngine(cpu, async () => gpu, ADAPTER);
    assert.equal(chosen, gpu, add);
    assert.deepEqual([cpu.deleted, gpu.deleted], [true, false]);
    assert.deepEqual([cpu.told, gpu.told], [[25], [25]]);
  }
});

test("the main processor is taken if it does not", async () => {
  for (const add of [2.5 / 255, -0.5, NaN]) {
    const [cpu, gpu] = [fake(0), fake(add)];
    const chosen = await chooseEngine(cpu, async () => gpu, ADAPTER);
    assert.equal(chosen, cpu, add);
    assert.deepEqual([cpu.deleted, gpu.deleted], [false, true]);
  }
  // One wrong pixel suffices.
  const [cpu, gpu] = [fake(0), fake(0)];
  gpu.run = async (tile) => tile.with(7, tile[7] > 0.5 ? 0 : 1);
  assert.equal(await chooseEngine(cpu, async () => gpu, ADAPTER), cpu);
});

test("nothing is tried without an adapter, or with bytes", async () => {
  const never = () => assert.fail("It was tried.");
  const cpu = fake(0);
  assert.equal(await chooseEngine(cpu, never, null), cpu);
  const bytes = fake(0, { image: "uint8", restored: "uint8" });
  assert.equal(await chooseEngine(bytes, never, ADAPTER), bytes);
  assert.equal(bytes.deleted, false);
});

test("a graphics processor that fails is no error", async () => {
  const cpu = fake(0);
  const fails = async () => {
    throw new Error("no such operation");
  };
  assert.equal(await chooseEngine(cpu, fails, ADAPTER), cpu);
  const breaks = { ...fake(0), run: fails };
  assert.equal(await chooseEngine(cpu, async () => breaks, ADAPTER), cpu);
  assert.equal(cpu.deleted, false);
});
