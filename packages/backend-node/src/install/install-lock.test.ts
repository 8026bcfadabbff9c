import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { withLock } from "./install-lock.ts";

describe("the lock of the engines folder", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "divgen-lock-"));
    path = join(folder, "deep", ".install.lock");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const poll = { pollSeconds: 0.01 };
  const ended = spawnSync(process.execPath, ["-e", ""]).pid;
  const write = (pid: number, host = hostname()): void => {
    writeFileSync(path, JSON.stringify({ pid, host, token: "other" }));
  };

  it("lets one at a time work", async () => {
    let working = 0;
    let most = 0;
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        withLock(
          path,
          async () => {
            most = Math.max(most, ++working);
            await wait(5);
            working--;
            return index;
          },
          poll,
        ),
      ),
    );
    expect(most).toBe(1);
    expect(results).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(existsSync(path)).toBe(false);
  });

  it("is free again when the work throws", async () => {
    await expect(withLock(path, () => Promise.reject(new Error("broken")), poll)).rejects.toThrow("broken");
    expect(await withLock(path, async () => "done", poll)).toBe("done");
  });

  it("is taken over from a process of this machine that has ended, by one only", async () => {
    await withLock(path, async () => {}, poll);
    write(ended);
    let working = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++working);
      await wait(20);
      working--;
    };
    await Promise.all(Array.from({ length: 6 }, () => withLock(path, work, poll)));
    expect(most).toBe(1);
  });

  it("is taken over from another machine that has been silent for long", async () => {
    await withLock(path, async () => {}, poll);
    write(1, "elsewhere");
    utimesSync(path, new Date(0), new Date(0));
    expect(await withLock(path, async () => "done", poll)).toBe("done");
  });

  it("waits for a holder that lives, tells whom, and gives up in the end", async () => {
    await withLock(path, async () => {}, poll);
    write(process.pid);
    const told: string[] = [];
    const waiting = withLock(path, async () => {}, { ...poll, timeLimitSeconds: 0.1, onWait: (who) => told.push(who) });
    await expect(waiting).rejects.toThrow(
      /process \d+ on .* has been installing.*If it is not alive, remove .*install\.lock/,
    );
    expect(told).toEqual([`process ${process.pid} on ${hostname()}`]);
    expect(readFileSync(path, "utf8")).toContain("other");
  });

  it("stops waiting when it is interrupted", async () => {
    await withLock(path, async () => {}, poll);
    write(process.pid);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 30);
    const waiting = withLock(path, async () => {}, { ...poll, signal: controller.signal });
    await expect(waiting).rejects.toMatchObject({ kind: "interrupted" });
  });

  it("shows that its holder lives", async () => {
    await withLock(
      path,
      async () => {
        utimesSync(path, new Date(0), new Date(0));
        await wait(100);
        const other = withLock(path, async () => {}, { ...poll, timeLimitSeconds: 0.05 });
        await expect(other).rejects.toThrow(/has been installing/);
      },
      { ...poll, beatSeconds: 0.02 },
    );
  });
});
