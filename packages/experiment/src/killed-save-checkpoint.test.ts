import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Network } from "@divgen/core-tensors";
import { leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { tidy, type Variable, variable, zeros } from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { buildFirst, finished, startChild } from "../test/built-package.ts";
import { temporaryDirectory } from "../test/temporary-directory.ts";
import { createRunDirectory, loadCheckpoint, openRunDirectory } from "./index.ts";

useReferenceBackend();
leakCheck();
buildFirst();

it("leaves whole checkpoints when killed at any moment of writing them", { timeout: 300_000 }, async () => {
  const path = join(temporaryDirectory(), "killed");
  await createRunDirectory(path, { app: "test", preset: "demo", config: {} });
  let next = 1;
  let leftovers = 0;
  for (let trial = 0; trial < 5; trial++) {
    const child = startChild("save-forever", [path, String(next)]);
    const ending = finished(child);
    let acknowledged = next - 1;
    child.stdout!.on("data", (text: string) => {
      const first = acknowledged < next;
      acknowledged = Number(text.trim().split("\n").at(-1));
      // From the middle of the second checkpoint on, at another moment of it in each trial.
      if (first) setTimeout(() => child.kill("SIGKILL"), 3 + trial * 6);
    });
    const { signal, errors } = await ending;
    expect(errors).toBe("");
    expect(signal).toBe("SIGKILL");
    leftovers += readdirSync(join(path, "checkpoints")).filter((name) => name.startsWith(".")).length;

    const weight = tidy(() => variable(zeros([400, 500])));
    const network: Network = {
      parameters: new Map<string, Variable>([["weight", weight as Variable]]),
      buffers: new Map(),
      dispose: () => weight.dispose(),
    };
    const run = openRunDirectory(path);
    const loaded = await loadCheckpoint(run, {
      networks: { first: network, second: network },
      optimizers: {},
      extras: {},
    });
    expect(loaded?.damaged).toEqual([]);
    expect(loaded!.step, "what was acknowledged is there").toBeGreaterThanOrEqual(acknowledged);
    expect(new Set(weight.dataSync())).toEqual(new Set([loaded!.step]));
    network.dispose();

    await run.rewindTo(loaded!.step);
    const steps = run.events().flatMap((event) => (event.kind === "finished" ? [event.step] : []));
    expect(steps, "one history").toEqual(Array.from({ length: loaded!.step }, (_, index) => index + 1));
    expect(readFileSync(join(path, "events.jsonl"), "utf8")).toMatch(/\n$/);
    run.close();
    next = loaded!.step + 1;
  }
  expect(leftovers, "at least one kill hit the middle of a checkpoint").toBeGreaterThan(0);
});
