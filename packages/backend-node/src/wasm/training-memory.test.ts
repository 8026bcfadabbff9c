import { backend, memory } from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { createFusedAdam } from "../../bench/support/fused-adam.ts";
import { createPix2PixStep } from "../../bench/support/pix2pix-step.ts";
import { prepareEngines } from "../../test/support/engine-parity.ts";
import { selectWasm } from "../../test/support/select-wasm.ts";

beforeAll(async () => {
  prepareEngines();
  await selectWasm();
});

/** DIVGEN_SOAK_STEPS=1000 for the long form. */
const steps = Number(process.env["DIVGEN_SOAK_STEPS"] ?? 40);

test(`${steps} adversarial training steps keep tensors, the wasm heap and resident memory where they were`, () => {
  const heapBytes = (): number =>
    (backend() as unknown as { wasm: { HEAPU8: Uint8Array } }).wasm.HEAPU8.buffer.byteLength;
  const before = memory().numTensors;
  const adam = createFusedAdam();
  const step = createPix2PixStep(16, 4, adam.apply);
  const warmUp = Math.ceil(steps / 4);
  for (let index = 0; index < warmUp; index++) step.run();
  const start = { tensors: memory().numTensors, heap: heapBytes() };
  // The collector lets resident memory swing: what counts is that the peaks of both halves agree.
  const peaks: [number, number] = [0, 0];
  let losses: readonly number[] = [];
  for (let index = warmUp; index < steps; index++) {
    losses = step.run();
    const half = index < (warmUp + steps) / 2 ? 0 : 1;
    peaks[half] = Math.max(peaks[half], process.memoryUsage.rss());
    expect(memory().numTensors, `tensors after step ${index}`).toBe(start.tensors);
  }
  expect(losses.every(Number.isFinite), `losses ${losses}`).toBe(true);
  expect(heapBytes(), "bytes of the wasm heap").toBe(start.heap);
  if (steps >= 1000) expect(peaks[1] / peaks[0] - 1, "growth of resident memory").toBeLessThan(0.05);
  step.dispose();
  adam.dispose();
  expect(memory().numTensors).toBe(before);
}, 600_000);
