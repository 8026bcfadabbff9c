import type { ProgressEvent } from "@divgen/training";
import { describe, expect, it } from "vitest";
import { createOutput, formatDuration, formatRate, printDryRun } from "./index.ts";

function progress(step: number): ProgressEvent {
  const losses = { "generator/adversarial": 0.68312, "discriminator/real": 12345.6 };
  return { kind: "progress", step, steps: 10, epoch: 0, losses, secondsPerStep: 0.25, secondsLeft: 75, tensorCount: 3 };
}

describe("output without a terminal", () => {
  it("is one JSON line a second at most, the last step always, and text for notes", () => {
    let text = "";
    let milliseconds = 0;
    const stream = { write: (part: string) => (text += part) };
    const output = createOutput({ stream, clock: () => milliseconds });
    output.note({ kind: "run", path: "p" }, "run directory: p");
    for (const [step, time] of [
      [1, 0],
      [2, 999],
      [3, 1000],
      [4, 1100],
      [10, 1200],
    ] as const) {
      milliseconds = time;
      output.progress(progress(step));
    }
    output.progress({ kind: "finished", step: 10 });
    output.stop();
    const lines = text.trimEnd().split("\n");
    expect(lines[0]).toBe("run directory: p");
    expect(lines.slice(1).map((line) => JSON.parse(line))).toEqual([progress(1), progress(3), progress(10)]);
  });

  it("is JSON throughout for programs", () => {
    const lines: string[] = [];
    const output = createOutput({ json: true, stream: { isTTY: true, write: (part) => lines.push(part) } });
    output.note({ kind: "run", path: "p" }, "run directory: p");
    output.progress(progress(10));
    expect(lines.map((line) => JSON.parse(line))).toEqual([{ kind: "run", path: "p" }, progress(10)]);
  });
});

describe("output on a terminal", () => {
  it("is a bar with steps, rate, time left and losses; notes stand above it", async () => {
    let text = "";
    const stream = {
      isTTY: true,
      columns: 200,
      write: (part: string) => (text += part),
      on: () => stream,
      removeListener: () => stream,
      once: () => stream,
    };
    const output = createOutput({ stream });
    output.progress(progress(1));
    output.progress(progress(5));
    output.note({}, "saved");
    output.progress(progress(10));
    output.progress({ kind: "finished", step: 10 });
    output.note({}, "plain line");
    expect(text).toMatch(/50% \| 5\/10 steps \| 4\.0 steps\/s \| 1 min 15 s left \| generator\/adversarial 0\.683/);
    expect(text).toContain("saved\n");
    expect(text).toMatch(/10 of 10 steps \| 4\.0 steps\/s \| generator\/adversarial 0\.683 .*12300\nplain line\n$/);
  });
});

it("shows a dry run: configuration, engine, and what is known of time and memory", () => {
  const lines: string[] = [];
  const stream = { write: (part: string) => lines.push(part) };
  const command = { preset: "demo", config: { steps: 1200, seed: 0 } };
  const estimate = { steps: 1200, secondsPerStep: 0.5, parameters: 1234567, memoryGiB: 1.25 };
  printDryRun(command, "wasm", estimate, createOutput({ stream }));
  // printf '%s' '{"seed":0,"steps":1200}' | sha256sum
  const hash = "1edc3649334faa2a656bbdae7b76a424f9ba54554f99a13e2afb6c89afe690a8";
  expect(lines.join("")).toBe(
    `preset demo, configuration ${hash.slice(0, 12)}:\n{\n  "seed": 0,\n  "steps": 1200\n}\n` +
      "engine: wasm\nsteps: 1,200\ntime: about 10 min 00 s\ntrainable values: 1,234,567\nmemory: about 1.3 GiB\n",
  );
  printDryRun(command, "wasm", estimate, createOutput({ stream, json: true }));
  expect(JSON.parse(lines.at(-1)!)).toEqual({
    kind: "dry-run",
    ...command,
    configHash: hash,
    engine: "wasm",
    estimate,
  });
});

it.each([
  [0.002, "500 steps/s"],
  [0.25, "4.0 steps/s"],
  [0.4, "2.5 steps/s"],
  [1, "1.0 s/step"],
  [12.34, "12 s/step"],
  [345.6, "346 s/step"],
])("shows %f seconds a step as %s", (seconds, text) => expect(formatRate(seconds)).toBe(text));

it.each([
  [0, "0 s"],
  [59.4, "59 s"],
  [59.6, "1 min 00 s"],
  [3599.7, "1 h 00 min"],
  [7620, "2 h 07 min"],
  [270000, "3 d 03 h"],
])("shows %f seconds as %s", (seconds, text) => expect(formatDuration(seconds)).toBe(text));
