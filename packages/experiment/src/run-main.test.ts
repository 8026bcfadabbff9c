import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { buildFirst, type ChildResult, finished, startChild } from "../test/built-package.ts";
import { temporaryDirectory } from "../test/temporary-directory.ts";
import { openRunDirectory } from "./index.ts";

buildFirst();
const root = temporaryDirectory();
const runs = join(root, "runs");

function start(...args: string[]) {
  return startChild("app", args, { RUNS: runs, DIVGEN_DEBUG: "" });
}

async function run(...args: string[]): Promise<ChildResult> {
  return finished(start(...args));
}

const set = (values: Readonly<Record<string, unknown>>): string[] =>
  Object.entries(values).flatMap(([key, value]) => ["--set", `${key}=${value}`]);

let whole: ChildResult;
beforeAll(async () => {
  whole = await run("--run", join(root, "whole"));
});

// A loaded machine may need minutes for what takes seconds.
describe.concurrent("a process", { timeout: 300_000 }, () => {
  it("ends with 0, prints the run directory first, and its result last", () => {
    const { code, output, errors } = whole;
    const lines = output.trimEnd().split("\n");
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
    expect(lines[0]).toBe(`run directory: ${join(root, "whole")}`);
    expect(JSON.parse(lines[1]!)).toMatchObject({ kind: "progress", step: 1, steps: 40 });
    expect(lines.at(-1)).toMatch(/^result: /);
    const directory = openRunDirectory(join(root, "whole"));
    expect(directory.events()[0]).toMatchObject({ kind: "started", environment: { engine: "cpu" } });
    expect(directory.events().slice(-2)).toMatchObject([
      { kind: "checkpoint-saved", step: 40 },
      { kind: "finished", step: 40 },
    ]);
    expect(readdirSync(directory.path).sort()).toEqual(
      ["checkpoints", "config.json", "environment.json", "events.jsonl", "samples", "tensorboard"].sort(),
    );
  });

  it.each<[string, string[], number, RegExp]>([
    ["usage", ["--sed", "1"], 2, /^error: unknown option '--sed'/],
    ["data", set({ fault: "data" }), 3, /^error: image 7 cannot be read\n$/],
    ["a run directory below a file", ["--run", "/dev/null/run"], 3, /^error: cannot create the run directory/],
    ["divergence", set({ fault: "diverge" }), 4, /^error: training diverged at step 26: .*number\/distance.* NaN\n$/],
    [
      "a defect",
      set({ fault: "defect" }),
      1,
      /^error: unexpected TypeError: undefined .*DIVGEN_DEBUG=1 to see where\)\n$/,
    ],
    [
      "an unhandled rejection",
      set({ fault: "rejection", stepMilliseconds: 5 }),
      1,
      /^error: unexpected Error: nobody waited/,
    ],
  ])("ends after %s with one message and the exit code that stands for it", async (_, args, expected, message) => {
    const { code, output, errors } = await run(...args);
    expect(errors).toMatch(message);
    expect(errors, "no stack").not.toMatch(/\n +at /);
    expect(output).not.toMatch(/\n +at /);
    expect(code).toBe(expected);
  });

  it("shows stacks on request, and errors as JSON for programs", async () => {
    const child = startChild("app", ["--json", ...set({ fault: "defect" })], { RUNS: runs, DIVGEN_DEBUG: "1" });
    const { output, errors } = await finished(child);
    expect(errors).toMatch(/\n +at /);
    const lines = output
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    expect(lines[0]).toMatchObject({ kind: "run", resumed: false });
    expect(lines.at(-1)).toMatchObject({ kind: "error", error: "TypeError", exitCode: 1 });
  });

  it("keeps its last checkpoint and says which when training diverges", async () => {
    const path = join(root, "diverged");
    const { code, output } = await run("--run", path, ...set({ fault: "diverge" }));
    expect(code).toBe(4);
    expect(output).toMatch(
      /the last good checkpoint is that of step 20; go on from it .*: --resume .*diverged.* --set \.\.\.\n$/,
    );
    expect(openRunDirectory(path).events().at(-1)).toMatchObject({ kind: "failed", error: "DivergedError" });
  });

  it.each(["SIGINT", "SIGTERM"] as const)(
    "saves on %s, ends with 130, and goes on to the same bits",
    async (signal) => {
      const path = join(root, signal);
      const child = start("--run", path, ...set({ stepMilliseconds: 10 }));
      child.stdout!.on("data", (text: string) => {
        if (text.includes('"step":13,')) child.kill(signal);
      });
      const { code, errors } = await finished(child);
      expect(code).toBe(130);
      expect(errors).toMatch(/stopping after this step/);
      expect(errors).toContain(`interrupted after step`);
      expect(errors).toContain(`go on with: --resume '${path}'\n`);
      const resumed = await run("--resume", path, ...set({ stepMilliseconds: 0 }));
      expect(resumed.output).toMatch(/going on from step \d+/);
      expect(resumed.output.trimEnd().split("\n").at(-1)).toBe(whole.output.trimEnd().split("\n").at(-1));
      const steps = openRunDirectory(path)
        .events()
        .flatMap((event) => (event.kind === "progress" ? [event.step] : []));
      expect(steps).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
    },
  );

  it("quits at once on a second Ctrl-C", async () => {
    const child = start(...set({ stepMilliseconds: 60_000 }));
    child.stdout!.once("data", () => setTimeout(() => child.kill("SIGINT"), 300));
    child.stderr!.once("data", () => child.kill("SIGINT"));
    expect((await finished(child)).code).toBe(130);
  });

  it("goes on to the same bits after kills at any step, with one history", async () => {
    const path = join(root, "killed");
    for (const step of [4, 11, 23, 24, 37]) {
      const child = start("--run", path, "--resume", "auto");
      child.stdout!.on("data", (text: string) => {
        if (text.includes(`"step":${step},`)) child.kill("SIGKILL");
      });
      await finished(child);
    }
    const { code, output } = await run("--run", path, "--resume", "auto");
    expect(code).toBe(0);
    expect(output.trimEnd().split("\n").at(-1)).toBe(whole.output.trimEnd().split("\n").at(-1));
    const last = "checkpoints/step-000040/optimizer-number.safetensors";
    expect(readFileSync(join(path, last))).toEqual(readFileSync(join(root, "whole", last)));
    const steps = openRunDirectory(path)
      .events()
      .flatMap((event) => (event.kind === "progress" ? [event.step] : []));
    expect(steps).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
  });

  it("says when a damaged checkpoint made it go back", async () => {
    const path = join(root, "damaged");
    await run("--run", path);
    writeFileSync(join(path, "checkpoints/step-000040/network-number.safetensors"), "x");
    const { code, output } = await run("--resume", path);
    expect(code).toBe(0);
    expect(output).toMatch(
      /warning: the checkpoint of step 40 is damaged \(.* has 1 bytes.*\); using the one before it/,
    );
    expect(output).toMatch(/going on from step 30/);
  });

  it("saves and stops when the reader of its output goes away", async () => {
    const path = join(root, "pipe");
    const child = start("--run", path, ...set({ stepMilliseconds: 5 }));
    child.stdout!.once("data", () => child.stdout!.destroy());
    const { code, errors } = await finished(child);
    expect(code).toBe(141);
    expect(errors).toMatch(/^interrupted after step \d+, which is saved; .*\n$/);
    expect(openRunDirectory(path).events().at(-1)?.kind).toBe("checkpoint-saved");
  });

  it("flushes all its output to a slow pipe before it ends", async () => {
    const path = join(root, "long");
    mkdirSync(path);
    await run("--run", path);
    const { code, output } = await run("report", "--run", path);
    expect(code).toBe(0);
    expect(output.split("\n")).toHaveLength(100_001);
  });
});
