import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { type TrainingEvent, train } from "@divgen/training";
import { fill, tidy, zerosLike } from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { temporaryDirectory } from "../test/temporary-directory.ts";
import { batches, createFixture, type Fixture, trainingOptions } from "../test/training-fixture.ts";
import golden from "./golden/tensorboard-events.json" with { type: "json" };
import {
  checkpointSteps,
  createOutput,
  createRunDirectory,
  createTensorBoardWriter,
  InterruptedError,
  type LoggedEvent,
  loadCheckpoint,
  loadTrained,
  type RunDirectory,
  recordTraining,
  startRun,
  type TrainCommand,
  trainStartedRun,
} from "./index.ts";

useReferenceBackend();
leakCheck();

const root = temporaryDirectory();
const png = new Uint8Array(Buffer.from(golden.png, "base64"));
let runs = 0;

function newRun(): Promise<RunDirectory> {
  return createRunDirectory(join(root, `run-${++runs}`), { app: "test", preset: "demo", config: {} });
}

const kinds = (events: readonly LoggedEvent[]) =>
  events.filter(({ kind }) => kind !== "progress").map((event) => `${event.kind} ${"step" in event ? event.step : ""}`);

it("samples, evaluates and saves when due, in this order, and saves at the end", async () => {
  const directory = await newRun();
  const fixture = createFixture();
  const tensorBoard = createTensorBoardWriter(join(directory.path, "tensorboard"));
  const events = train(fixture.objective, batches, {
    ...trainingOptions,
    steps: 5,
    samplesEvery: 2,
    evaluationEvery: 4,
    checkpointEvery: 2,
  });
  const steps = await recordTraining(events, {
    directory,
    state: fixture.objective.state,
    tensorBoard,
    drawSamples: async (step) => ({ grid: png, [`at-${step}`]: png }),
    evaluate: async (step) => [{ metric: "m", value: step / 2, n: 10 }],
    metadata: (step) => ({ twice: 2 * step }),
    keepLast: 2,
  });
  tensorBoard.close();
  expect(steps).toBe(5);
  expect(kinds(directory.events())).toEqual([
    "samples-due 2",
    "samples-saved 2",
    "checkpoint-due 2",
    "checkpoint-saved 2",
    "samples-due 4",
    "samples-saved 4",
    "evaluation-due 4",
    "checkpoint-due 4",
    "checkpoint-saved 4",
    "finished 5",
    "checkpoint-saved 5",
  ]);
  expect(directory.metrics()).toMatchObject([{ metric: "m", value: 2, step: 4, n: 10 }]);
  expect(readFileSync(join(directory.path, "samples/step-000004-at-4.png"))).toEqual(Buffer.from(png));
  expect(checkpointSteps(directory)).toEqual([4, 5]);
  expect((await loadCheckpoint(directory, fixture.objective.state))?.metadata).toEqual({ twice: 10 });
  expect(statSync(tensorBoard.path).size).toBeGreaterThan(4 * png.length);
  directory.close();
  fixture.dispose();
});

it("does not save the last step twice when it was due anyway", async () => {
  const directory = await newRun();
  const fixture = createFixture();
  const events = train(fixture.objective, batches, { ...trainingOptions, steps: 4, checkpointEvery: 2 });
  await recordTraining(events, { directory, state: fixture.objective.state });
  expect(kinds(directory.events())).toEqual([
    "checkpoint-due 2",
    "checkpoint-saved 2",
    "checkpoint-due 4",
    "checkpoint-saved 4",
    "finished 4",
  ]);
  directory.close();
  fixture.dispose();
});

it("saves when interrupted and says how to go on", async () => {
  const directory = await newRun();
  const fixture = createFixture();
  const controller = new AbortController();
  async function* interrupting(): AsyncGenerator<TrainingEvent> {
    for await (const event of train(fixture.objective, batches, {
      ...trainingOptions,
      steps: 50,
      signal: controller.signal,
    })) {
      yield event;
      controller.abort();
    }
  }
  const recording = recordTraining(interrupting(), { directory, state: fixture.objective.state });
  await expect(recording).rejects.toThrow(InterruptedError);
  await expect(recording).rejects.toThrow(
    `interrupted after step 2, which is saved; go on with: --resume '${directory.path}'`,
  );
  expect(checkpointSteps(directory)).toEqual([2]);
  directory.close();
  fixture.dispose();
});

it("records the error of a callback as the end of the run, and hands it on", async () => {
  const directory = await newRun();
  const fixture = createFixture();
  const events = train(fixture.objective, batches, { ...trainingOptions, steps: 4, evaluationEvery: 2 });
  const recording = recordTraining(events, {
    directory,
    state: fixture.objective.state,
    evaluate: () => Promise.reject(new TypeError("no features")),
  });
  await expect(recording).rejects.toThrow(TypeError);
  expect(directory.events().at(-1)).toMatchObject({ kind: "failed", error: "TypeError", message: "no features" });
  directory.close();
  fixture.dispose();
});

/** The fixture, which at a step assigns a value to its weight after the step's losses are computed. */
function breaking(fixture: Fixture, atStep: number, value: number): Fixture["objective"] {
  return {
    ...fixture.objective,
    step: (batch, context) => {
      const report = fixture.objective.step(batch, context);
      const weight = fixture.network.parameters.get("layer.weight")!;
      if (context.step + 1 === atStep) tidy(() => weight.assign(fill(weight.shape, value)));
      return report;
    },
  };
}

async function diverge(atStep: number, value: number) {
  const directory = await newRun();
  const fixture = createFixture();
  const notes: string[] = [];
  const output = createOutput({ json: true, stream: { write: (line) => notes.push(line) } });
  const objective = breaking(fixture, atStep, value);
  const options = { ...trainingOptions, reportEvery: 100, steps: 12, checkpointEvery: 2 };
  const recording = recordTraining(train(objective, batches, options), { directory, state: objective.state, output });
  const error = await recording.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  const steps = checkpointSteps(directory);
  await loadCheckpoint(directory, objective.state);
  const restored = fixture.values()["layer.weight"]!;
  directory.close();
  fixture.dispose();
  return { error, steps, restored, events: directory.events(), last: JSON.parse(notes.at(-1)!) };
}

it("does not save a state that holds NaN, though its losses were finite: the last checkpoint is a good one", async () => {
  const { error, steps, restored, last } = await diverge(6, Number.NaN);
  expect(error).toMatchObject({
    name: "DivergedError",
    message: 'training diverged at step 6: parameter "generator/layer.weight" is NaN',
  });
  expect(steps).toEqual([2, 4]);
  expect(restored.every(Number.isFinite)).toBe(true);
  expect(last).toEqual({ kind: "last-checkpoint", step: 4 });
});

it("sets a checkpoint aside whose very next loss is not finite, and names the loss", async () => {
  // Finite, but not its square.
  const { error, steps, restored, events, last } = await diverge(6, 1e30);
  expect(error).toMatchObject({ message: 'training diverged at step 7: loss "generator/fit" is Infinity' });
  expect(steps).toEqual([2, 4]);
  expect(last.step).toBe(4);
  expect(restored.every((weight) => Math.abs(weight) < 10)).toBe(true);
  expect(events.slice(-2)).toMatchObject([
    { kind: "checkpoint-damaged", damagedStep: 6, movedTo: "checkpoints/step-000006.damaged" },
    { kind: "failed", error: "DivergedError" },
  ]);
});

it("goes on with a changed configuration, which the run directory has from then on", async () => {
  const fixture = createFixture();
  const { state } = fixture.objective;
  const lines: string[] = [];
  const output = createOutput({ json: true, stream: { write: (line) => lines.push(line) } });
  const app = { name: "test", runsFolder: join(root, "runs") };
  const now = () => new Date("2026-01-02T03:04:05Z");
  const common = { name: "train", preset: "demo", options: {}, engine: "cpu", dryRun: false, json: true } as const;
  const command: TrainCommand<object> = { ...common, config: { steps: 4, seed: 7, method: "plain" } };

  const first = await startRun(app, command, output, { now });
  expect(first.directory.path).toBe(join(root, "runs/test/demo-plain-seed7-20260102T030405"));
  expect(await first.restore(state, { engine: "cpu" })).toBe(0);
  await recordTraining(train(fixture.objective, batches, { ...trainingOptions, steps: 4 }), { ...first, state });
  first.directory.close();

  const changed = { ...command, config: { ...command.config, steps: 6 }, resumePath: first.directory.path };
  const second = await startRun(app, changed, output, { now });
  expect(await second.restore(state, { engine: "wasm" })).toBe(4);
  expect(second.directory.config).toEqual(changed.config);
  expect(second.directory.configHash).not.toBe(first.directory.configHash);
  expect(second.directory.events().at(-1)).toMatchObject({
    kind: "resumed",
    step: 4,
    configHash: second.directory.configHash,
    environment: { engine: "wasm" },
  });
  second.directory.close();
  const taken = await startRun(app, command, output, { now });
  expect(taken.directory.path, "a second run in the same second").toMatch(/T030405-2$/);
  expect(lines.map((line) => JSON.parse(line).kind)).toEqual(["run", "run", "resumed", "config-changed", "run"]);
  fixture.dispose();
});

it("trains a started run to its end, from where it stands, with TensorBoard files beside", async () => {
  const fixture = createFixture();
  const { objective } = fixture;
  const output = createOutput({ json: true, stream: { write: () => undefined } });
  const app = { name: "whole", runsFolder: join(root, "runs") };
  const common = { name: "train", preset: "demo", options: {}, engine: "cpu", dryRun: false, json: true } as const;
  const command: TrainCommand<object> = { ...common, config: { seed: 7 } };
  const { signal } = new AbortController();
  const options = { ...trainingOptions, objective, batches, engine: "cpu", output, signal };

  const first = await startRun(app, command, output);
  expect(await trainStartedRun(first, { ...options, steps: 4 })).toBe(4);
  first.directory.close();
  const second = await startRun(app, { ...command, resumePath: first.directory.path }, output);
  expect(await trainStartedRun(second, { ...options, steps: 6 })).toBe(6);
  expect(checkpointSteps(second.directory)).toEqual([4, 6]);
  const files = readdirSync(join(first.directory.path, "tensorboard"));
  expect(files).toHaveLength(2);
  for (const file of files) expect(file).toMatch(/^events\.out\.tfevents\./);
  const trained = fixture.values();
  for (const variable of fixture.network.parameters.values()) tidy(() => variable.assign(zerosLike(variable)));
  expect(await loadTrained(second.directory, objective.state.networks)).toBe(6);
  expect(fixture.values()).toEqual(trained);
  second.directory.close();
  fixture.dispose();
});

it("a run without a checkpoint cannot be looked at", async () => {
  const directory = await newRun();
  await expect(loadTrained(directory, {})).rejects.toThrow("expected a checkpoint, got a run without any");
  directory.close();
});
