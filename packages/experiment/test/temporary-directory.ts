import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** A directory of its own for a test file, removed afterwards. Its name has a space, as users' paths have. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), "divgen experiment-"));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Mounts a small disk in memory; `undefined` where that is not allowed (needs root on Linux). */
export function smallDisk(parent: string, kibibytes: number): SmallDisk | undefined {
  const path = join(parent, `disk-${kibibytes}`);
  mkdirSync(path, { recursive: true });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${kibibytes}k`, "tmpfs", path], { stdio: "ignore" });
  } catch {
    return undefined;
  }
  return {
    path,
    makeReadOnly: () => {
      execFileSync("mount", ["-o", "remount,ro", path]);
    },
    unmount: () => {
      execFileSync("umount", [path]);
    },
  };
}

export interface SmallDisk {
  readonly path: string;
  makeReadOnly(): void;
  unmount(): void;
}
