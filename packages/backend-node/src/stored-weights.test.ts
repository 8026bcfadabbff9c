import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DataError } from "@divgen/core-tensors";
import { writeSafetensors } from "@divgen/weight-files";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  loadStoredWeights,
  readStoredWeightsManifest,
  storedWeightsManifestPath,
  storedWeightsPath,
  weightsFolder,
} from "./stored-weights.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "divgen stored weights "));
  vi.stubEnv("DIVGEN_CACHE", folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const bytes = writeSafetensors(new Map([["kernel", { shape: [2], values: Float32Array.of(1.5, -2) }]]));

function store(manifest: object): void {
  mkdirSync(weightsFolder(), { recursive: true });
  writeFileSync(storedWeightsPath("net"), bytes);
  writeFileSync(storedWeightsManifestPath("net"), JSON.stringify(manifest));
}

const manifest = {
  ...{ format: 1, network: "net", source: { file: "net.pth", sha256: "abc", format: "torch" }, original: null },
  ...{ sha256: createHash("sha256").update(bytes).digest("hex"), bytes: bytes.length },
};

test("weights are read back under the hash of the file that they came from", async () => {
  store(manifest);
  const { stored, weights } = (await loadStoredWeights("net"))!;
  expect(weights.sha256).toBe("abc");
  expect([...weights.tensors.get("kernel")!.values]).toEqual([1.5, -2]);
  expect(stored).toEqual(manifest);
});

test("weights that nobody imported are undefined, even without a folder", async () => {
  expect(await loadStoredWeights("net")).toBeUndefined();
  store(manifest);
  expect(await readStoredWeightsManifest("other")).toBeUndefined();
});

test.each([
  ["another file", { ...manifest, sha256: "0" }, /net\.safetensors: it is not the file.*Import the weights again/],
  ["another form", { ...manifest, format: 2 }, /net\.json: it has another form.*Import the weights again/],
])("%s is an error of the data", async (_, changed, message) => {
  store(changed);
  await expect(loadStoredWeights("net")).rejects.toThrow(message);
  await expect(loadStoredWeights("net")).rejects.toThrow(DataError);
});
