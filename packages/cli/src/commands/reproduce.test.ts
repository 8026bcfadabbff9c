import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "@divgen/experiment";
import { expect, test } from "vitest";
import { createReproduceCommand } from "./reproduce.ts";

const silent = { watched: false, result: () => {}, note: () => {}, status: () => {} };
const run = (...words: string[]) =>
  createReproduceCommand(silent)
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .parseAsync(words, { from: "user" });

test("an unknown experiment and unknown settings are refused with what there is", async () => {
  await expect(run("self-conditioned-3d")).rejects.toThrow(UsageError);
  await expect(run("self-conditioned-3d")).rejects.toThrow("expected one of self-conditioned-2d");
  await expect(run("self-conditioned-2d", "--settings", "long")).rejects.toThrow("short, repository, paper");
});

test("what the app refuses is refused with its exit code's meaning, before any run begins", async () => {
  const folder = mkdtempSync(join(tmpdir(), "divgen-reproduce-"));
  try {
    await expect(run("self-conditioned-2d", "--methods", "dcgan", "--output", folder)).rejects.toThrow(
      /grid ended with exit code 2/,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 30_000);
