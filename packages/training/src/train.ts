import type { RandomKey } from "@divgen/random";
import { dispose, memory, type TensorContainer } from "@tensorflow/tfjs-core";
import { eventLoopTurn } from "./event-loop-turn.ts";
import type { LossReport, Objective } from "./objective.ts";
import { DivergedError, type DueEvent, type TrainingEvent } from "./training-event.ts";

/** Batches addressed by step, so that a resumed run sees what an uninterrupted one would have seen. */
export interface BatchSource<Batch> {
  /** Steps in one pass over the data. */
  readonly stepsPerEpoch: number;
  /** The batch of step `step` (from 0). Tensors inside it are owned by the caller. */
  load(step: number): Promise<Batch>;
}

/** What a run does and how often. All intervals are in steps; 0 means never. */
export interface TrainOptions {
  /** Steps that the run is to have in the end. */
  readonly steps: number;
  /** Steps done before, when resuming. @defaultValue 0 */
  readonly startStep?: number;
  /** Losses are read back and reported every so many steps, and after the last. At least 1. */
  readonly reportEvery: number;
  /** @defaultValue 0 */
  readonly checkpointEvery?: number;
  /** @defaultValue 0 */
  readonly samplesEvery?: number;
  /** @defaultValue 0 */
  readonly evaluationEvery?: number;
  /** Each step gets `key.fold(step)`. */
  readonly key: RandomKey;
  /** Milliseconds that never go back, such as `performance.now`: this package reads no clock of its own. */
  readonly clock: () => number;
  /** Aborting stops the run after the step in progress. */
  readonly signal?: AbortSignalLike | undefined;
}

/** The part of an `AbortSignal` that training looks at. */
export interface AbortSignalLike {
  readonly aborted: boolean;
}

/** Longest time without a turn of the event loop, so that signals and timers are served while an engine computes. */
const TURN_MILLISECONDS = 50;

/**
 * Trains: one objective step a batch, losses read back every `reportEvery` steps. Yields events in order; leaving the
 * loop ends the run. The next batch loads while a step computes. Batches and losses are freed here.
 *
 *     for await (const event of train(objective, batches, { steps: 1000, reportEvery: 20, key, clock })) { ... }
 *
 * Losses are read and checked before each "checkpoint-due", so a state that its losses show to be broken is not saved, and
 * once more in the step after it: those are the first losses of the state that was saved.
 *
 * @throws DivergedError as soon as a loss that is read back is NaN or infinite.
 * @throws RangeError for steps and intervals that make no sense.
 */
export async function* train<Batch>(
  objective: Objective<Batch>,
  batches: BatchSource<Batch>,
  options: TrainOptions,
): AsyncGenerator<TrainingEvent, void, undefined> {
  const { steps, startStep = 0, reportEvery, key, clock, signal } = options;
  assertWhole(steps, "steps", 0);
  assertWhole(startStep, "startStep", 0);
  assertWhole(reportEvery, "reportEvery", 1);

  let step = startStep;
  let upcoming = step < steps ? prefetch(batches, step) : undefined;
  let intervalStart = clock();
  let intervalSteps = 0;
  let lastTurn = clock();
  let isFirstOfSaved = false;
  try {
    while (step < steps) {
      if (clock() - lastTurn > TURN_MILLISECONDS) {
        await eventLoopTurn();
        lastTurn = clock();
      }
      if (signal?.aborted) {
        yield { kind: "interrupted", step };
        return;
      }

      const batch = await upcoming!;
      upcoming = step + 1 < steps ? prefetch(batches, step + 1) : undefined;
      const epoch = Math.floor(step / batches.stepsPerEpoch);
      const report = await runStep(objective, batch, step, epoch, key);
      step++;
      intervalSteps++;

      const due = eventsDue(step, options);
      const isReported = step % reportEvery === 0 || step === steps || due.length > 0;
      if (!isReported) {
        if (isFirstOfSaved) await readLosses(report, step);
        else dispose(report as TensorContainer);
        isFirstOfSaved = false;
        continue;
      }
      isFirstOfSaved = due.some(({ kind }) => kind === "checkpoint-due");
      const losses = await readLosses(report, step);
      const secondsPerStep = (clock() - intervalStart) / 1000 / intervalSteps;
      const secondsLeft = secondsPerStep * (steps - step);
      yield {
        kind: "progress",
        step,
        steps,
        epoch,
        losses,
        secondsPerStep,
        secondsLeft,
        tensorCount: memory().numTensors,
      };
      yield* due;
      intervalStart = clock();
      intervalSteps = 0;
    }
    yield { kind: "finished", step };
  } finally {
    upcoming?.then((batch) => dispose(batch as TensorContainer)).catch(() => undefined);
  }
}

/** Starts loading a batch. The error of a load that fails early waits until the batch is asked for. */
function prefetch<Batch>(batches: BatchSource<Batch>, step: number): Promise<Batch> {
  const batch = batches.load(step);
  batch.catch(() => undefined);
  return batch;
}

async function runStep<Batch>(
  objective: Objective<Batch>,
  batch: Batch,
  step: number,
  epoch: number,
  key: RandomKey,
): Promise<LossReport> {
  try {
    return await objective.step(batch, { step, epoch, key: key.fold(step) });
  } finally {
    dispose(batch as TensorContainer);
  }
}

function eventsDue(step: number, options: TrainOptions): DueEvent[] {
  const intervals: [DueEvent["kind"], number | undefined][] = [
    ["samples-due", options.samplesEvery],
    ["evaluation-due", options.evaluationEvery],
    ["checkpoint-due", options.checkpointEvery],
  ];
  return intervals
    .filter(([, every]) => every !== undefined && every > 0 && step % every === 0)
    .map(([kind]) => ({ kind, step }));
}

/** Values of the losses; frees them. */
async function readLosses(report: LossReport, step: number): Promise<Record<string, number>> {
  const losses: Record<string, number> = {};
  try {
    for (const [name, loss] of Object.entries(report)) losses[name] = (await loss.data())[0]!;
  } finally {
    dispose(report as TensorContainer);
  }
  for (const [name, value] of Object.entries(losses)) {
    if (!Number.isFinite(value)) throw new DivergedError(step, name, value);
  }
  return losses;
}

function assertWhole(value: number, name: string, minimum: number): void {
  if (!Number.isInteger(value) || value < minimum) {
    throw new RangeError(`${name}: expected an integer >= ${minimum}, got ${value}`);
  }
}
