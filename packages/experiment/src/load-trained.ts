import { DataError, type Network } from "@divgen/core-tensors";
import { loadNetworks } from "./load-checkpoint.ts";
import type { RunDirectory } from "./run-directory.ts";

/**
 * Puts a trained run's newest weights into networks, for commands that look at a run and change nothing in it.
 *
 * @param step - the newest checkpoint of this step or before; the newest if absent.
 * @returns the checkpoint's step.
 * @throws DataError if the run has no checkpoint, or as `loadNetworks`.
 */
export async function loadTrained(
  directory: RunDirectory,
  networks: Readonly<Record<string, Network>>,
  step?: number,
): Promise<number> {
  const loaded = await loadNetworks(directory, networks, { readOnly: true, ...(step === undefined ? {} : { step }) });
  if (loaded === undefined) {
    throw new DataError(
      `${directory.path}: expected a checkpoint, got a run without any. Train it first, or go on with --resume ${directory.path}.`,
    );
  }
  return loaded.step;
}
