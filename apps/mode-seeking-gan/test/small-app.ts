import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createAppProcess } from "@divgen/tensor-testing";
import { afterAll, beforeAll } from "vitest";

/** The built app: what users run. `npm test` builds before it tests. */
const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
export const set = (values: Record<string, unknown>): string[] =>
  Object.entries(values).flatMap(([key, value]) => ["--set", `${key}=${value}`]);

/** Small enough for seconds on any engine. */
export const small: Record<string, unknown> = {
  "model.generatorChannels": 4,
  "model.discriminatorChannels": 4,
  "model.encoderChannels": 4,
  "training.reportEvery": 1,
  "training.checkpointEvery": 3,
  "training.samplesEvery": 4,
  "training.sensitivityEvery": 2,
  "evaluation.samplesPerInput": 4,
  "evaluation.trials": 2,
};
export const tiny: readonly string[] = set({
  ...small,
  "data.size": 32,
  "data.trainCount": 12,
  "data.testCount": 2,
  "training.epochs": 2,
  "training.decayEpochs": 1,
  "evaluation.inputs": 2,
  "evaluation.pairsPerInput": 2,
  "evaluation.bins": 3,
});
export const short: readonly string[] = set({
  "training.epochs": 1,
  "training.decayEpochs": 0,
  "evaluation.trials": 1,
});

/** The app in a folder of its own, which is removed after the file's tests. */
export function useApp() {
  const folder = mkdtempSync(join(tmpdir(), "mode seeking "));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  beforeAll(() => {
    if (!existsSync(main)) throw new Error("expected the built app in dist/: run `pnpm run build` first");
  });
  const engine = process.env["DIVGEN_TEST_ENGINE"] ?? "wasm";
  return { folder, ...createAppProcess(main, folder, { DIVGEN_ENGINE: engine }) };
}
