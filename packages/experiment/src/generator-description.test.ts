import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryDirectory } from "../test/temporary-directory.ts";
import { createRunDirectory, describeGenerator, readGeneratorDescription } from "./index.ts";

const root = temporaryDirectory();

it("a run's generator is described once and read again; everything else is a clear error", async () => {
  const directory = await createRunDirectory(join(root, "run"), { app: "test", preset: "demo", config: {} });
  await expect(readGeneratorDescription(directory.path)).rejects.toThrow("got a run without it");
  const description = { kind: "dcgan", network: "generator", latentSize: 8, options: { size: 32, deep: [1, null] } };
  await describeGenerator(directory, description);
  expect(await readGeneratorDescription(directory.path)).toEqual(description);
  writeFileSync(join(directory.path, "generator.json"), '{ "kind": "dcgan" }');
  await expect(readGeneratorDescription(directory.path)).rejects.toThrow("expected the description of a generator");
  await expect(readGeneratorDescription(root)).rejects.toThrow("expected the directory of a run");
  directory.close();
});
