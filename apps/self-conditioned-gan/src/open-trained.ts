import { DataError } from "@divgen/core-tensors";
import { loadCheckpoint, openRunDirectory, type RunDirectory } from "@divgen/experiment";
import type { Config } from "./config.ts";
import { type OpenedRun, openRun } from "./open-run.ts";

/** A run as it was saved. */
export interface TrainedRun {
  readonly directory: RunDirectory;
  /** Owned by the caller. */
  readonly opened: OpenedRun;
  /** Of the checkpoint. */
  readonly step: number;
}

/**
 * Opens a run and restores its networks and clusters, changing nothing in it.
 *
 * @param step - the newest checkpoint of this step or before; the newest if absent.
 * @throws DataError if the run has no checkpoint, or its data cannot be used.
 */
export async function openTrained(runPath: string, config: Config, step?: number): Promise<TrainedRun> {
  const directory = openRunDirectory(runPath);
  const opened = await openRun(config);
  try {
    const options = { readOnly: true, ...(step === undefined ? {} : { step }) };
    const loaded = await loadCheckpoint(directory, opened.objective.state, options);
    if (loaded === undefined) {
      throw new DataError(`${runPath}: expected a checkpoint, got none. Go on with --resume ${runPath}.`);
    }
    await opened.method.labelSubset();
    return { directory, opened, step: loaded.step };
  } catch (error) {
    opened.dispose();
    throw error;
  }
}
