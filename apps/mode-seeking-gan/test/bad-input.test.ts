import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodePng } from "@divgen/image-files";
import { describe, expect, test } from "vitest";
import { set, tiny, useApp } from "./small-app.ts";

const { folder, run } = useApp();

describe("what goes wrong", () => {
  test.each([
    ["a method of the other task", ["--method", "dcgan"], 2, /method.*pix2pix, mode-seeking, bicycle/],
    ["a folder that is not there", ["--preset", "paper"], 3, /data\/facades/],
    ["CIFAR-10 that is not there", ["--preset", "cifar10"], 3, /data_batch_1\.bin/],
  ])("%s: one line and its exit code", (_, args, code, message) => {
    const { status, stderr } = run(...args);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(status).toBe(code);
  });

  // Every other fault of a folder is a test of @divgen/datasets.
  test("pairs that cannot be used are named, all of them, before anything is trained", async () => {
    const pairs = join(folder, "pairs");
    const picture = (width: number) => encodePng(new Uint8Array(width * 32 * 3), { width, height: 32, channels: 3 });
    for (const split of ["train", "val"]) mkdirSync(join(pairs, split), { recursive: true });
    const folderArgs = [
      ...tiny,
      ...set({ "data.source": "paired-folder", "data.path": pairs, "data.testSplit": "val" }),
    ];
    const attempt = (name: string) => run("--run", join(folder, name), ...folderArgs);
    for (const split of ["train", "val"]) writeFileSync(join(pairs, split, "good.png"), await picture(64));
    writeFileSync(join(pairs, "train", "odd.png"), await picture(65));
    writeFileSync(join(pairs, "train", "broken.jpg"), "not a picture");
    const bad = attempt("bad");
    expect(bad.status).toBe(3);
    expect(bad.stderr).toMatch(/2 of 3 examples cannot be used/);
    expect(bad.stderr).toMatch(/broken\.jpg/);
    expect(bad.stderr).toMatch(/odd\.png: expected A and B of one size side by side, so an even width, got 65 x 32/);

    rmSync(join(pairs, "train"), { recursive: true });
    for (const half of ["A", "B"]) mkdirSync(join(pairs, "train", half), { recursive: true });
    writeFileSync(join(pairs, "train", "A", "alone.png"), await picture(32));
    writeFileSync(join(pairs, "train", "B", "alone.png"), await picture(40));
    const unlike = attempt("unlike");
    expect([unlike.status, unlike.stderr]).toEqual([3, expect.stringMatching(/expected 32 x 32 like its partner/)]);
  }, 60_000);

  test("fewer pairs than a batch, or the bins, take: says before training how many there are, and what to do", async () => {
    const few = join(folder, "few");
    const unbinned = run("--run", join(folder, "many bins"), ...tiny, "--set", "evaluation.bins=13");
    expect(unbinned.stderr).toMatch(
      /training pairs: expected at least as many as evaluation\.bins, 13, got 12\. Add images/,
    );
    expect(unbinned.status).toBe(3);
    const picture = await encodePng(new Uint8Array(64 * 32 * 3), { width: 64, height: 32, channels: 3 });
    for (const split of ["train", "val"]) mkdirSync(join(few, split), { recursive: true });
    for (const split of ["train", "val"]) {
      for (const name of ["1.png", "2.png"]) writeFileSync(join(few, split, name), picture);
    }
    const source = set({ "data.source": "paired-folder", "data.path": few, "data.testSplit": "val" });
    const { status, stderr } = run("--run", join(folder, "too few"), ...tiny, ...source, "--set", "evaluation.bins=2");
    expect(stderr).toMatch(/expected at least 4 examples, one batch, got 2\. Add examples, or train with batches of 2/);
    expect(status).toBe(3);
  }, 60_000);

  test("a loss that is not finite ends with exit code 4, names the loss, and a good checkpoint is the last", () => {
    const path = join(folder, "diverged");
    const good = [...tiny, ...set({ "training.reportEvery": 10, "training.checkpointEvery": 1 })];
    expect(run("--run", path, ...good, ...set({ "training.epochs": 1, "training.decayEpochs": 0 })).status).toBe(0);
    const generator = join(path, "checkpoints", "step-000003", "network-generator.safetensors");
    const weights = readFileSync(generator);
    // Three steps are done; the fourth leaves weights that are finite, but whose losses are not.
    const { status, stdout, stderr } = run(
      ...["--resume", path, "--set", "training.epochs=2", "--set", "training.learningRate=1e30"],
    );
    expect(status, stderr).toBe(4);
    expect(stderr).toMatch(/diverged at step \d+: (loss|parameter) "[\w ./-]+" is/);
    expect(stdout).toMatch(/the last good checkpoint is that of step 3; go on from it with a lower learning rate/);
    expect(readFileSync(generator).equals(weights)).toBe(true);
    const again = run("--resume", path, "--set", "training.learningRate=1e-3");
    expect(again.status, again.stderr).toBe(0);
    expect(again.stdout).toMatch(/going on from step 3/);
  }, 120_000);
});
