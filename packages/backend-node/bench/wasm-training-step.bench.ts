import { bench, describe } from "vitest";
import { prepareEngines } from "../test/support/engine-parity.ts";
import { selectWasm } from "../test/support/select-wasm.ts";
import { createFusedAdam } from "./support/fused-adam.ts";
import { createPix2PixStep } from "./support/pix2pix-step.ts";

prepareEngines();
await selectWasm();

describe("one pix2pix step on wasm: U-Net and 70 x 70 PatchGAN, batch 1", () => {
  for (const [size, channels, iterations] of [
    [64, 16, 40],
    [64, 32, 20],
    [128, 32, 10],
    [256, 64, 3],
  ] as const) {
    const step = createPix2PixStep(size, channels, createFusedAdam().apply);
    bench(`${size} pixels, ${channels} base channels`, () => void step.run(), {
      iterations,
      time: 0,
      warmupIterations: 2,
      warmupTime: 0,
    });
  }
});
