import { DivergedError, type TrainingEvent, type TrainingState } from "@divgen/training";
import { assertFiniteState } from "./assert-finite-state.ts";
import type { JsonValue } from "./canonical-json.ts";
import { checkpointSteps, reportDamage } from "./checkpoint-folder.ts";
import type { MetricRecord } from "./metric-record.ts";
import type { Output } from "./output.ts";
import type { RunDirectory } from "./run-directory.ts";
import { InterruptedError } from "./run-errors.ts";
import { saveCheckpoint } from "./save-checkpoint.ts";
import type { TensorBoardWriter } from "./tensorboard/event-file.ts";

/** PNG files by name; the name becomes part of the file's. */
export type SampleImages = Readonly<Record<string, Uint8Array>>;

/** Who is told of a run's events, and what is made when it is due. */
export interface RecordTrainingOptions {
  readonly directory: RunDirectory;
  /** What checkpoints save: the objective's state. */
  readonly state: TrainingState;
  readonly output?: Output;
  readonly tensorBoard?: TensorBoardWriter;
  /** Makes the pictures of a "samples-due". */
  readonly drawSamples?: (step: number) => Promise<SampleImages>;
  /** Measures for an "evaluation-due". */
  readonly evaluate?: (step: number) => Promise<readonly Omit<MetricRecord, "step">[]>;
  /** Stored with each checkpoint. */
  readonly metadata?: (step: number) => Readonly<Record<string, JsonValue>>;
  /** Checkpoints that stay. @defaultValue 3 */
  readonly keepLast?: number;
}

/**
 * Consumes the events of `train` to the end: logs them, shows progress, writes TensorBoard files, draws samples,
 * evaluates, and saves checkpoints when due, when interrupted and at the end. A state that holds NaN or an infinity is not
 * saved, and a checkpoint whose very next loss is not finite is set aside: the newest one is good.
 *
 *     const steps = await recordTraining(train(objective, batches, options), { directory, state: objective.state, output });
 *
 * @returns steps finished.
 * @throws InterruptedError if the run was interrupted, once its checkpoint is saved.
 * @throws DivergedError, StorageError and what the callbacks throw; recorded as "failed" where that is possible.
 */
export async function recordTraining(
  events: AsyncIterable<TrainingEvent>,
  options: RecordTrainingOptions,
): Promise<number> {
  const { directory, output } = options;
  let finished = 0;
  try {
    for await (const event of events) {
      directory.recordEvent(event);
      output?.progress(event);
      await follow(event, options);
      finished = event.step;
      if (event.kind === "interrupted") {
        throw new InterruptedError(
          event.step,
          `interrupted after step ${event.step}, which is saved; go on with: --resume ${shellWord(directory.path)}`,
        );
      }
    }
  } catch (error) {
    if (!(error instanceof InterruptedError)) await recordFailure(error, options);
    throw error;
  } finally {
    output?.stop();
    options.tensorBoard?.flush();
  }
  return finished;
}

async function follow(event: TrainingEvent, options: RecordTrainingOptions): Promise<void> {
  const { directory, tensorBoard } = options;
  switch (event.kind) {
    case "progress":
      for (const [name, value] of Object.entries(event.losses))
        tensorBoard?.scalar(`losses/${name}`, event.step, value);
      tensorBoard?.scalar("engine/seconds-per-step", event.step, event.secondsPerStep);
      break;
    case "samples-due":
      await saveSamples(event.step, options);
      break;
    case "evaluation-due":
      for (const metric of (await options.evaluate?.(event.step)) ?? []) {
        directory.recordMetric({ ...metric, step: event.step });
        tensorBoard?.scalar(`metrics/${metric.metric}`, event.step, metric.value);
      }
      break;
    case "checkpoint-due":
      await save(event.step, options);
      break;
    case "interrupted":
    case "finished":
      // A checkpoint that was due at this very step is there already.
      if (!checkpointSteps(directory).includes(event.step)) await save(event.step, options);
      directory.sync();
      break;
  }
}

async function saveSamples(
  step: number,
  { directory, drawSamples, tensorBoard }: RecordTrainingOptions,
): Promise<void> {
  if (drawSamples === undefined) return;
  const paths: string[] = [];
  for (const [name, png] of Object.entries(await drawSamples(step))) {
    paths.push(await directory.writeSample(step, name, png));
    tensorBoard?.image(`samples/${name}`, step, png);
  }
  directory.recordEvent({ kind: "samples-saved", step, paths });
}

async function save(step: number, { directory, state, metadata, keepLast, tensorBoard }: RecordTrainingOptions) {
  tensorBoard?.flush();
  await assertFiniteState(step, state);
  await saveCheckpoint(directory, step, state, {
    ...(metadata === undefined ? {} : { metadata: metadata(step) }),
    ...(keepLast === undefined ? {} : { keepLast }),
  });
}

async function recordFailure(error: unknown, { directory, output }: RecordTrainingOptions): Promise<void> {
  const { name, message } = error instanceof Error ? error : { name: "Error", message: String(error) };
  try {
    if (error instanceof DivergedError && error.part === "loss") {
      const before = error.step - 1;
      // Its losses were computed from this very state.
      if (checkpointSteps(directory).includes(before)) {
        await reportDamage(directory, before, `the next step's loss "${error.loss}" is ${error.value}`);
      }
    }
    directory.recordEvent({ kind: "failed", error: name, message });
    directory.sync();
  } catch {
    // A full disk, most likely the failure itself.
  }
  if (!(error instanceof DivergedError)) return;
  output?.stop();
  const saved = checkpointSteps(directory).at(-1);
  const text =
    saved === undefined
      ? "no good checkpoint was saved before; begin anew with a lower learning rate or a lower weight of that loss"
      : `the last good checkpoint is that of step ${saved}; go on from it with a lower learning rate or a lower weight of that loss: --resume ${shellWord(directory.path)} --set ...`;
  output?.note({ kind: "last-checkpoint", step: saved ?? null }, text);
}

/** A path as a shell reads it. */
function shellWord(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
