import { readFileSync } from "node:fs";
import { fromUint8 } from "@divgen/core-tensors";
import { openMnist } from "@divgen/datasets";
import { leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { sha256 } from "@divgen/weight-files";
import { argMax, dispose } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { decodeBase64 } from "./base64.ts";
import { digitClassifierFile } from "./digit-classifier-file.ts";
import { createDigitClassifier } from "./index.ts";

useReferenceBackend();
leakCheck();

test("the embedded weights are those of the published file, whose card names them", () => {
  const file = readFileSync(new URL("../weights/digit-classifier.safetensors", import.meta.url));
  expect(Buffer.from(decodeBase64(digitClassifierFile)).equals(file)).toBe(true);
  expect(file.length).toBeLessThan(256 * 1024);
  const classifier = createDigitClassifier();
  expect(classifier.weightHash).toBe(sha256(file));
  expect(readFileSync(new URL("../weights/digit-classifier.md", import.meta.url), "utf8")).toContain(sha256(file));
  classifier.dispose();
});

test("names test digits at 28 and, enlarged, at 32 pixels", async () => {
  const { images, labels } = await openMnist("test");
  const count = 100;
  const classifier = createDigitClassifier();
  for (const size of [28, 32]) {
    // 28 x 28 in the middle of the larger picture is not what it was trained on; nearest enlargement is.
    const bytes = new Uint8Array(count * size * size);
    for (let item = 0; item < count; item++) {
      for (let row = 0; row < size; row++) {
        for (let column = 0; column < size; column++) {
          const from = Math.floor((row * 28) / size) * 28 + Math.floor((column * 28) / size);
          bytes[(item * size + row) * size + column] = images.pixels[item * 784 + from]!;
        }
      }
    }
    const batch = fromUint8(bytes, { batch: count, height: size, width: size, channels: 1 });
    const [logits] = classifier.extract(batch, ["logits"]);
    const guesses = argMax(logits!, 1);
    const hits = guesses.dataSync().filter((guess, item) => guess === labels[item]).length;
    expect(hits, `${size} pixels`).toBeGreaterThanOrEqual(97);
    dispose([batch, logits!, guesses]);
  }
  classifier.dispose();
});

test("takes one channel", () => {
  const classifier = createDigitClassifier();
  const images = fromUint8(new Uint8Array(28 * 28 * 3), { batch: 1, height: 28, width: 28, channels: 3 });
  expect(() => classifier.extract(images, ["logits"])).toThrow(/images: expected \[batch, height, width, 1\]/);
  images.dispose();
  classifier.dispose();
});
