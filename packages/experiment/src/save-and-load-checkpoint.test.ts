import {
  copyFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DataError } from "@divgen/core-tensors";
import { leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { train } from "@divgen/training";
import { readSafetensors } from "@divgen/weight-files";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../test/temporary-directory.ts";
import { batches, createFixture, type Fixture, trainingOptions } from "../test/training-fixture.ts";
import {
  checkpointSteps,
  createRunDirectory,
  loadCheckpoint,
  loadNetworks,
  openRunDirectory,
  type RunDirectory,
  saveCheckpoint,
} from "./index.ts";

useReferenceBackend();
leakCheck();

const root = temporaryDirectory();
let runs = 0;

async function newRun(): Promise<RunDirectory> {
  return createRunDirectory(join(root, `run ${++runs}`), { app: "test", preset: "demo", config: { seed: 1 } });
}

async function advance(fixture: Fixture, startStep: number, steps: number): Promise<void> {
  for await (const event of train(fixture.objective, batches, { ...trainingOptions, startStep, steps })) void event;
}

async function withFixture<Result>(use: (fixture: Fixture) => Promise<Result>, rows = 2): Promise<Result> {
  const fixture = createFixture(rows);
  try {
    return await use(fixture);
  } finally {
    fixture.dispose();
  }
}

describe("exact resume", () => {
  it("goes on from a checkpoint bit for bit as if it had never stopped", async () => {
    const run = await newRun();
    const uninterrupted = await withFixture(async (fixture) => {
      await advance(fixture, 0, 6);
      return fixture.values();
    });
    await withFixture(async (fixture) => {
      await advance(fixture, 0, 3);
      await saveCheckpoint(run, 3, fixture.objective.state, { metadata: { best: 0.5 }, name: "best" });
      expect(fixture.values(), "three more steps change the state").not.toEqual(uninterrupted);
    });
    const resumed = await withFixture(async (fixture) => {
      const loaded = await loadCheckpoint(openRunDirectory(run.path), fixture.objective.state);
      expect(loaded).toEqual({
        step: 3,
        name: "best",
        metadata: { best: 0.5 },
        configHash: run.configHash,
        damaged: [],
      });
      await advance(fixture, 3, 6);
      return fixture.values();
    });
    expect(resumed).toStrictEqual(uninterrupted);
    expect(Object.keys(resumed)).toContain("layer.weight/second-moment");
  });

  it("keeps the bits of odd values: negative zero, infinities, NaN, the smallest number", async () => {
    const run = await newRun();
    const odd = [-0, Number.POSITIVE_INFINITY, Number.NaN, 1.401298464324817e-45];
    let restored: unknown;
    const state = {
      networks: {},
      optimizers: {},
      extras: {
        odd: {
          capture: async () => ({ values: { shape: [2, 2], values: Float32Array.from(odd) } }),
          restore: (saved: unknown) => {
            restored = saved;
          },
        },
      },
    };
    await saveCheckpoint(run, 0, state);
    await loadCheckpoint(run, state);
    expect(restored).toStrictEqual({ values: { shape: [2, 2], values: Float32Array.from(odd) } });
  });

  it("loads only the networks asked for, without optimizers", async () => {
    const run = await newRun();
    await withFixture(async (fixture) => {
      await advance(fixture, 0, 2);
      const { networks } = fixture.objective.state;
      await saveCheckpoint(run, 2, {
        ...fixture.objective.state,
        networks: { ...networks, discriminator: fixture.network },
      });
      const weight = fixture.values()["layer.weight"];
      await withFixture(async (other) => {
        await loadNetworks(run, { generator: other.network }, { readOnly: true });
        expect(other.values()["layer.weight"]).toStrictEqual(weight);
        expect(other.optimizer.updates).toBe(0);
      });
    });
  });

  it("is undefined for a run without checkpoints", async () => {
    const run = await newRun();
    await withFixture(async (fixture) => {
      expect(await loadCheckpoint(run, fixture.objective.state)).toBeUndefined();
    });
  });
});

describe("the files of a checkpoint", () => {
  it("are safetensors under the network's own names, listed with length and hash", async () => {
    const run = await newRun();
    await withFixture(async (fixture) => {
      await advance(fixture, 0, 1);
      const saved = await saveCheckpoint(run, 1, fixture.objective.state);
      const path = join(run.path, saved.path);
      expect(readdirSync(path).sort()).toEqual([
        "extra-clusters.safetensors",
        "manifest.json",
        "network-generator.safetensors",
        "optimizer-generator.safetensors",
      ]);
      const { tensors } = readSafetensors(readFileSync(join(path, "network-generator.safetensors")));
      expect([...tensors.keys()].sort()).toEqual(["layer.scale", "layer.seen", "layer.weight"]);
      expect([...tensors.get("layer.weight")!.values]).toEqual(fixture.values()["layer.weight"]);
      expect(run.events().at(-1)).toMatchObject({ kind: "checkpoint-saved", ...saved });
    });
  });

  it("stay for the last ones and for the newest of each name", async () => {
    const run = await newRun();
    await withFixture(async ({ objective }) => {
      for (const step of [1, 2, 3, 4, 5, 6, 7]) {
        const name = step === 2 || step === 4 ? "best" : step === 3 ? "milestone" : undefined;
        await saveCheckpoint(run, step, objective.state, { keepLast: 2, ...(name === undefined ? {} : { name }) });
      }
      expect(checkpointSteps(run)).toEqual([3, 4, 6, 7]);
      expect((await loadCheckpoint(run, objective.state, { name: "best" }))?.step).toBe(4);
      expect((await loadCheckpoint(run, objective.state, { step: 5 }))?.step).toBe(4);
      await expect(loadCheckpoint(run, objective.state, { name: "worst" })).rejects.toThrow(
        /no checkpoint is named "worst"/,
      );
      await expect(loadCheckpoint(run, objective.state, { step: 2 })).rejects.toThrow(/there are steps 3, 4, 6, 7/);
    });
  });

  it("are replaced when a step is saved again", async () => {
    const run = await newRun();
    await withFixture(async (fixture) => {
      await saveCheckpoint(run, 5, fixture.objective.state, { metadata: { version: 1 } });
      await saveCheckpoint(run, 5, fixture.objective.state, { metadata: { version: 2 } });
      expect((await loadCheckpoint(run, fixture.objective.state))?.metadata).toEqual({ version: 2 });
      expect(readdirSync(join(run.path, "checkpoints"))).toEqual(["step-000005"]);
    });
  });

  it("are put back, and leftovers cleared, after a process was killed while it replaced them", async () => {
    const run = await newRun();
    await withFixture(async (fixture) => {
      await saveCheckpoint(run, 5, fixture.objective.state);
      const folder = join(run.path, "checkpoints");
      cpSync(join(folder, "step-000005"), join(folder, ".replaced-step-000006"), { recursive: true });
      cpSync(join(folder, "step-000005"), join(folder, ".replaced-step-000005"), { recursive: true });
      cpSync(join(folder, "step-000005"), join(folder, ".writing-step-000007-99"), { recursive: true });
      await loadCheckpoint(run, fixture.objective.state);
      expect(readdirSync(folder)).toEqual(["step-000005", "step-000006"]);
    });
  });
});

describe("a damaged checkpoint", () => {
  let run: RunDirectory;
  let files: string[];
  const original = (file: string) => join(run.path, "original", file);
  const damaged = (file: string) => join(run.path, "checkpoints", "step-000004", file);

  beforeAll(async () => {
    run = await newRun();
    await withFixture(async (fixture) => {
      await advance(fixture, 0, 2);
      await saveCheckpoint(run, 2, fixture.objective.state);
      await advance(fixture, 2, 4);
      await saveCheckpoint(run, 4, fixture.objective.state);
    });
    cpSync(join(run.path, "checkpoints", "step-000004"), join(run.path, "original"), { recursive: true });
    files = readdirSync(join(run.path, "original"));
  });

  it("is noticed wherever a file is cut, and the one before is used", async () => {
    await withFixture(async (fixture) => {
      for (const file of files) {
        const size = statSync(original(file)).size;
        const offsets = [0, 1, 7, 8, 9, ...Array.from({ length: 12 }, (_, i) => Math.floor((size * i) / 12)), size - 1];
        for (const offset of offsets) {
          truncateSync(damaged(file), offset);
          const loaded = await loadCheckpoint(run, fixture.objective.state, { readOnly: true });
          copyFileSync(original(file), damaged(file));
          expect(loaded?.step, `${file} cut at byte ${offset}`).toBe(2);
          expect(loaded?.damaged).toEqual([{ step: 4, reason: expect.stringContaining(file) }]);
        }
      }
      expect((await loadCheckpoint(run, fixture.objective.state, { readOnly: true }))?.step, "restored").toBe(4);
    });
  });

  it("is noticed wherever a byte is changed", async () => {
    await withFixture(async (fixture) => {
      for (const file of files) {
        const content = readFileSync(original(file));
        for (let offset = 0; offset < content.length; offset += Math.ceil(content.length / 40)) {
          const changed = Buffer.from(content);
          changed[offset]! ^= 0x04;
          writeFileSync(damaged(file), changed);
          const loaded = await loadCheckpoint(run, fixture.objective.state, { readOnly: true });
          expect(loaded?.step, `${file} changed at byte ${offset}`).toBe(2);
        }
        writeFileSync(damaged(file), content);
      }
    });
  });

  it("is set aside and told of in the event log", async () => {
    const copy = join(root, "copy");
    cpSync(run.path, copy, { recursive: true });
    const copied = openRunDirectory(copy);
    truncateSync(join(copy, "checkpoints/step-000004/network-generator.safetensors"), 10);
    await withFixture(async (fixture) => {
      const loaded = await loadCheckpoint(copied, fixture.objective.state);
      expect(loaded?.step).toBe(2);
      expect(loaded?.damaged).toEqual([
        { step: 4, reason: expect.stringMatching(/network-generator\.safetensors has 10 bytes, expected \d+/) },
      ]);
      expect(copied.events().at(-1)).toMatchObject({
        kind: "checkpoint-damaged",
        damagedStep: 4,
        movedTo: "checkpoints/step-000004.damaged",
      });
      expect(existsSync(join(copy, "checkpoints/step-000004.damaged/manifest.json"))).toBe(true);
      expect((await loadCheckpoint(copied, fixture.objective.state))?.damaged).toEqual([]);
    });
  });

  it("is an error when no whole one is left, and the state stays as it was", async () => {
    const copy = join(root, "all-damaged");
    cpSync(run.path, copy, { recursive: true });
    for (const step of ["step-000002", "step-000004"]) {
      writeFileSync(join(copy, "checkpoints", step, "manifest.json"), "{}");
    }
    await withFixture(async (fixture) => {
      const before = fixture.values();
      const loading = loadCheckpoint(openRunDirectory(copy), fixture.objective.state);
      await expect(loading).rejects.toThrow(DataError);
      await expect(loading).rejects.toThrow(/no checkpoint is whole \(step 4: .*; step 2: /);
      expect(fixture.values()).toStrictEqual(before);
    });
  });
});

describe("a checkpoint of another model", () => {
  it("is refused with missing, unexpected and misshapen names, and changes nothing", async () => {
    const run = await newRun();
    await withFixture((fixture) => saveCheckpoint(run, 1, fixture.objective.state).then(() => undefined));
    await withFixture(async (fixture) => {
      const { parameters } = fixture.network;
      const renamed = new Map([...parameters].map(([name, v]) => [name.replace("layer.scale", "layer.gain"), v]));
      const network = { ...fixture.network, parameters: renamed };
      const before = fixture.values();
      const loading = loadCheckpoint(run, {
        ...fixture.objective.state,
        networks: { generator: network, extra: network },
      });
      await expect(loading).rejects.toThrow(DataError);
      await expect(loading).rejects.toThrow(
        /missing: network "extra", generator: parameter "layer\.gain"; unexpected: generator: parameter "layer\.scale"; misshapen: generator: parameter "layer\.weight" \(expected \[4, 3\], got \[2, 3\]\)/,
      );
      expect(fixture.values()).toStrictEqual(before);
    }, 4);
  });
});
