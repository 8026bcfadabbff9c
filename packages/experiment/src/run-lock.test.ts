import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { ConfigError } from "./run-errors.ts";
import { lockRun, RUN_LOCK, unlockRuns } from "./run-lock.ts";

const folders: string[] = [];
function createFolder(): { folder: string; lock: string } {
  const folder = mkdtempSync(join(tmpdir(), "divgen-lock-"));
  folders.push(folder);
  return { folder, lock: join(folder, RUN_LOCK) };
}
afterEach(() => {
  unlockRuns();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});
const write = (lock: string, holder: object) => writeFileSync(lock, JSON.stringify(holder));

test("a lock names this process, may be taken by it again, and is gone when given back", () => {
  const { folder, lock } = createFolder();
  lockRun(folder);
  lockRun(folder);
  expect(JSON.parse(readFileSync(lock, "utf8"))).toMatchObject({ pid: process.pid, host: hostname() });
  unlockRuns();
  expect(existsSync(lock)).toBe(false);
});

test("a run that a living process trains is refused, with what to do", () => {
  const { folder, lock } = createFolder();
  const other = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"]);
  try {
    write(lock, { pid: other.pid, host: hostname(), since: "2026-01-02T03:04:05.000Z" });
    expect(() => lockRun(folder)).toThrow(ConfigError);
    expect(() => lockRun(folder)).toThrow(
      `process ${other.pid} on ${hostname()} has trained it since 2026-01-02T03:04:05.000Z; wait for its end, choose ` +
        `another --run, or, if there is no such process, delete ${lock}`,
    );
    expect(existsSync(lock)).toBe(true);
  } finally {
    other.kill();
  }
});

test("the lock of a process that is no more is taken over", () => {
  const { folder, lock } = createFolder();
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  write(lock, { pid, host: hostname(), since: "2026-01-02T03:04:05.000Z" });
  lockRun(folder);
  expect(JSON.parse(readFileSync(lock, "utf8"))).toMatchObject({ pid: process.pid });
});

test("a process on another machine counts as at work for ten minutes after its last sign of life", () => {
  const { folder, lock } = createFolder();
  write(lock, { pid: 1, host: "another-machine", since: "2026-01-02T03:04:05.000Z" });
  expect(() => lockRun(folder)).toThrow("process 1 on another-machine has trained it");
  const elevenMinutesAgo = new Date(Date.now() - 660_000);
  utimesSync(lock, elevenMinutesAgo, elevenMinutesAgo);
  lockRun(folder);
  expect(JSON.parse(readFileSync(lock, "utf8"))).toMatchObject({ host: hostname() });
});

test("a lock that its writer was killed at is waited for, then taken over", () => {
  const { folder, lock } = createFolder();
  writeFileSync(lock, "");
  lockRun(folder);
  expect(JSON.parse(readFileSync(lock, "utf8"))).toMatchObject({ pid: process.pid });
});

test("a lock that cannot be written is a storage error", () => {
  const { folder } = createFolder();
  expect(() => lockRun(join(folder, "missing"))).toThrow(/write .*in-use\.json/);
});
