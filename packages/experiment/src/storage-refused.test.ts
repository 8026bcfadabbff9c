import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { afterEach, expect, it } from "vitest";
import { type SmallDisk, smallDisk, temporaryDirectory } from "../test/temporary-directory.ts";
import { createFixture, type Fixture } from "../test/training-fixture.ts";
import {
  checkpointSteps,
  createRunDirectory,
  loadCheckpoint,
  loadNetworks,
  openRunDirectory,
  type RunDirectory,
  StorageError,
  saveCheckpoint,
} from "./index.ts";

useReferenceBackend();
leakCheck();

const root = temporaryDirectory();
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

async function runOnSmallDisk(): Promise<{ run: RunDirectory; disk: SmallDisk; fixture: Fixture } | undefined> {
  const disk = smallDisk(root, 256);
  if (disk === undefined) return undefined;
  cleanups.push(() => disk.unmount());
  const run = await createRunDirectory(join(disk.path, "run"), { app: "test", preset: "demo", config: {} });
  cleanups.push(() => run.close());
  const fixture = createFixture();
  cleanups.push(() => fixture.dispose());
  return { run, disk, fixture };
}

const NEEDS_MOUNT = "mounting a small disk in memory is not allowed here (needs root on Linux)";

it("keeps the earlier checkpoints when the disk is full, says so, and goes on once there is room", async ({ skip }) => {
  const prepared = await runOnSmallDisk();
  if (prepared === undefined) return skip(NEEDS_MOUNT);
  const { run, disk, fixture } = prepared;
  const { state } = fixture.objective;
  await saveCheckpoint(run, 1, state);

  const ballast = join(disk.path, "ballast");
  expect(() => writeFileSync(ballast, Buffer.alloc(1 << 20))).toThrow(/ENOSPC/);
  const saving = saveCheckpoint(run, 2, state);
  await expect(saving).rejects.toThrow(StorageError);
  await expect(saving).rejects.toThrow(
    /the checkpoint of step 2 was not saved: .*the disk is full \(ENOSPC\); the earlier ones stay \(steps 1\)/,
  );
  expect(() => run.recordEvent({ kind: "failed", error: "x", message: "y".repeat(8192) })).toThrow(/the disk is full/);
  await expect(run.writeSample(2, "grid", new Uint8Array(8192))).rejects.toThrow(/the disk is full/);
  await expect(run.replaceConfig({ text: "z".repeat(8192) })).rejects.toThrow(/the disk is full/);
  expect(readdirSync(join(run.path, "checkpoints"))).toEqual(["step-000001"]);
  expect(await loadCheckpoint(openRunDirectory(run.path), state)).toMatchObject({ step: 1, damaged: [] });

  writeFileSync(ballast, "");
  await saveCheckpoint(run, 2, state);
  expect(checkpointSteps(run)).toEqual([1, 2]);
  expect(run.events().map((event) => event.kind)).toEqual(["checkpoint-saved", "checkpoint-saved"]);
});

it("can be looked at, but not written, on a read-only disk", async ({ skip }) => {
  const prepared = await runOnSmallDisk();
  if (prepared === undefined) return skip(NEEDS_MOUNT);
  const { run, disk, fixture } = prepared;
  const { state } = fixture.objective;
  await saveCheckpoint(run, 1, state);
  run.close();
  disk.makeReadOnly();
  const opened = openRunDirectory(run.path);
  expect(await loadNetworks(opened, { generator: fixture.network }, { readOnly: true })).toMatchObject({ step: 1 });
  expect(opened.events()).toHaveLength(1);
  await expect(saveCheckpoint(opened, 2, state)).rejects.toThrow(/file system is read-only \(EROFS\)/);
  expect(() => opened.recordEvent({ kind: "finished", step: 1 })).toThrow(/file system is read-only/);
  await expect(createRunDirectory(join(disk.path, "other"), { app: "a", preset: "b", config: {} })).rejects.toThrow(
    /cannot create the run directory .*read-only/,
  );
});

it("is refused where the checkpoints' folder is a file", async () => {
  const run = await createRunDirectory(join(root, "run"), { app: "test", preset: "demo", config: {} });
  const fixture = createFixture();
  cleanups.push(() => fixture.dispose());
  const blocked = { ...run, path: join(root, "blocked") };
  writeFileSync(join(root, "blocked"), "");
  await expect(saveCheckpoint(blocked, 1, fixture.objective.state)).rejects.toThrow(StorageError);
});
