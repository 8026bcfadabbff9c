import { join } from "node:path";
import { type BatchSource, type Objective, type TrainOptions, train } from "@divgen/training";
import type { Output } from "./output.ts";
import { type RecordTrainingOptions, recordTraining } from "./record-training.ts";
import type { StartedRun } from "./start-run.ts";
import { createTensorBoardWriter } from "./tensorboard/event-file.ts";

/** What a run trains, and who is told. */
export interface TrainStartedRunOptions<Batch>
  extends Pick<TrainOptions, "steps" | "reportEvery" | "checkpointEvery" | "samplesEvery" | "evaluationEvery" | "key">,
    Pick<RecordTrainingOptions, "drawSamples" | "evaluate" | "metadata" | "keepLast"> {
  readonly objective: Objective<Batch>;
  readonly batches: BatchSource<Batch>;
  /** Description of the engine, for the run's environment. */
  readonly engine: string;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/**
 * Trains a run to its end from where it stands: restores its newest whole checkpoint, trains, and records events,
 * checkpoints, samples and TensorBoard files (`tensorboard/` in the run directory).
 *
 * @returns steps finished.
 * @throws what `StartedRun.restore`, `train` and `recordTraining` throw: an interruption once its checkpoint is saved,
 *   a loss that is not finite, a file that cannot be read or written.
 */
export async function trainStartedRun<Batch>(
  { directory, restore }: StartedRun,
  options: TrainStartedRunOptions<Batch>,
): Promise<number> {
  const { objective, batches, engine, output, drawSamples, evaluate, metadata, keepLast, ...training } = options;
  const startStep = await restore(objective.state, { engine });
  const tensorBoard = createTensorBoardWriter(join(directory.path, "tensorboard"), { startStep });
  try {
    const events = train(objective, batches, { ...training, startStep, clock: () => performance.now() });
    return await recordTraining(events, {
      ...{ directory, state: objective.state, output, tensorBoard },
      ...(drawSamples === undefined ? {} : { drawSamples }),
      ...(evaluate === undefined ? {} : { evaluate }),
      ...(metadata === undefined ? {} : { metadata }),
      ...(keepLast === undefined ? {} : { keepLast }),
    });
  } finally {
    tensorBoard.close();
  }
}
