import { describe, expect, it } from "vitest";
import { runCommand } from "./run-command.ts";

const node = process.execPath;

describe("running a command", () => {
  it("returns what it printed", async () => {
    const script = 'console.log("out"); console.error("err")';
    expect(await runCommand(node, ["-e", script], { timeLimitSeconds: 30 })).toEqual({
      output: "out\n",
      errors: "err\n",
      outcome: "succeeded",
      exit: "code 0",
    });
  });

  it("tells a failure from a command that is not there", async () => {
    expect(await runCommand(node, ["-e", "process.exit(7)"], { timeLimitSeconds: 30 })).toMatchObject({
      outcome: "failed",
      exit: "code 7",
    });
    expect(await runCommand("no-such-command-here", [], { timeLimitSeconds: 30 })).toMatchObject({
      outcome: "missing",
    });
  });

  it("kills the command and its children at the time limit", async () => {
    // The grandchild holds the pipe open: were it alive, the command would not be over before this test's time is.
    const script = `
      const { spawn } = require("node:child_process");
      spawn(process.execPath, ["-e", "setTimeout(() => {}, 600_000)"], { stdio: "inherit" });
      setTimeout(() => {}, 600_000);`;
    const result = await runCommand(node, ["-e", script], { timeLimitSeconds: 1 });
    expect(result).toMatchObject({ outcome: "timed out", exit: "SIGKILL" });
  });

  it("ends at once when it is interrupted", async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 100);
    const running = runCommand(node, ["-e", "setTimeout(() => {}, 60_000)"], {
      timeLimitSeconds: 60,
      signal: controller.signal,
    });
    await expect(running).rejects.toMatchObject({ kind: "interrupted" });
  });
});
