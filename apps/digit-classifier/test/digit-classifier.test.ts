import { openMnist } from "@divgen/datasets";
import { createDigitClassifier } from "@divgen/feature-extractors";
import { randomKey } from "@divgen/random";
import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { readWeightFile, writeSafetensors } from "@divgen/weight-files";
import { dispose } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { renderCard } from "../src/card.ts";
import { published } from "../src/config.ts";
import { digitBatch } from "../src/digit-batches.ts";
import { createDigitNetwork, exportWeights } from "../src/network.ts";
import { createObjective } from "../src/objective.ts";

useReferenceBackend();
leakCheck();

const width = 5;
const digits = {
  images: { count: 2, width, height: width, pixels: Uint8Array.from({ length: 50 }, (_, index) => index + 1) },
  labels: Uint8Array.of(3, 7),
};

describe("batches", () => {
  test("a digit is shifted as a whole, and black comes in", () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 40; seed++) {
      const batch = digitBatch(digits, [1], { largestShift: 2, key: randomKey(seed) });
      const bytes = Array.from(batch.images.dataSync(), (value) => Math.round((value + 1) * 127.5));
      expect(batch.labels.dataSync()[0]).toBe(7);
      dispose([batch.images, batch.labels]);
      const at = bytes.findIndex((value) => value > 0);
      // Pixel (row, column) of the digit holds 26 + 5 row + column: where the first one came from tells the shift.
      const origin = bytes[at]! - 26;
      const [rows, columns] = [Math.floor(origin / 5) - Math.floor(at / 5), (origin % 5) - (at % 5)];
      seen.add(`${rows},${columns}`);
      const expected = Array.from({ length: 25 }, (_, index) => {
        const [row, column] = [Math.floor(index / 5) + rows, (index % 5) + columns];
        return row < 0 || row >= 5 || column < 0 || column >= 5 ? 0 : 26 + row * 5 + column;
      });
      expect(bytes).toEqual(expected);
    }
    expect(seen.size).toBeGreaterThan(12);
  });
});

describe("network", () => {
  test("the frozen classifier gives the trained network's logits", async () => {
    const network = createDigitNetwork(randomKey(2));
    const batch = digitBatch(await openMnist("test"), [0, 1, 2], { largestShift: 0, key: randomKey(0) });
    const objective = createObjective(network, { ...published, learningRate: 1e-3 }, 4);
    // Moves the running statistics away from where they begin.
    for (let step = 0; step < 2; step++) {
      dispose({ ...(await objective.step(batch, { step, epoch: 0, key: randomKey(step) })) });
    }
    const bytes = writeSafetensors(await exportWeights(network), new Map(), {});
    const frozen = createDigitClassifier(readWeightFile(bytes));
    const logits = network.classify(batch.images, { mode: "inference" });
    const [found, map, pooled] = frozen.extract(batch.images, ["logits", "convolution4", "pooled"]);
    expectClose(found!, Array.from(logits.dataSync()), { relative: 1e-4, absolute: 1e-4 });
    expect(map!.shape).toEqual([3, 7, 7, 64]);
    expect(pooled!.shape).toEqual([3, 64]);
    dispose([logits, found!, map!, pooled!, batch.images, batch.labels]);
    objective.dispose();
    network.dispose();
    frozen.dispose();
  });
});

test("the card states what was measured", () => {
  const card = renderCard(
    published,
    { testAccuracy: 0.9912, steps: 3600, engine: "native" },
    { sha256: "ab", size: 1, parameters: 2 },
  );
  expect(card).toContain("99.12 % of MNIST's 10,000 test digits");
});
