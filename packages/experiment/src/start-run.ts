import type { TrainingState } from "@divgen/training";
import type { AppDefinition, TrainCommand } from "./app-definition.ts";
import { canonicalJson, type JsonValue, sha256 } from "./canonical-json.ts";
import { claimRunFolder } from "./find-runs.ts";
import { loadCheckpoint } from "./load-checkpoint.ts";
import type { Output } from "./output.ts";
import {
  assertVacant,
  createRunDirectory,
  openRunDirectory,
  type RunClock,
  type RunDescription,
  type RunDirectory,
} from "./run-directory.ts";
import { describeEnvironment, type EnvironmentOptions } from "./run-environment.ts";
import { lockRun } from "./run-lock.ts";

/** A run that is about to train. */
export interface StartedRun {
  readonly directory: RunDirectory;
  /**
   * Brings the state to where the run stands: unchanged for a new run, from the newest whole checkpoint for one that
   * goes on. Logs, samples and configuration are made to agree with that step; "started" or "resumed" is recorded. Says
   * so when a damaged checkpoint was passed over.
   *
   * @returns steps done: `train`'s `startStep`.
   * @throws DataError if the checkpoints are damaged or do not fit the state.
   */
  restore(state: TrainingState, environment: EnvironmentOptions): Promise<number>;
}

/**
 * Makes the run directory of a `train` command, or opens the one to go on with, and prints its path: the first thing
 * that a run prints.
 *
 * @throws ConfigError if the directory is taken, or trained by another process; StorageError if it cannot be written.
 */
export async function startRun<Config extends object>(
  app: Pick<AppDefinition<Config>, "name" | "runsFolder">,
  command: TrainCommand<Config>,
  output: Output,
  clock: RunClock = {},
): Promise<StartedRun> {
  const config = command.config as JsonValue;
  const { resumePath } = command;
  const now = clock.now?.() ?? new Date();
  const path =
    resumePath ??
    command.runPath ??
    claimRunFolder(app.runsFolder ?? "runs", app.name, command.preset, config as object, now);
  const directory =
    resumePath === undefined
      ? await createLockedRun(path, { app: app.name, preset: command.preset, config }, clock)
      : openLockedRun(resumePath, clock);
  output.note({ kind: "run", path, resumed: resumePath !== undefined }, `run directory: ${path}`);

  return {
    directory,
    restore: async (state, environmentOptions) => {
      const environment = describeEnvironment(environmentOptions);
      if (resumePath === undefined) {
        await directory.writeEnvironment(environment);
        directory.recordEvent({ kind: "started", environment });
        return 0;
      }
      const step = await restoreNewest(directory, state, output);
      await directory.rewindTo(step);
      if (sha256(canonicalJson(config)) !== directory.configHash) {
        await directory.replaceConfig(config);
        output.note(
          { kind: "config-changed", configHash: directory.configHash },
          "going on with a changed configuration",
        );
      }
      await directory.writeEnvironment(environment);
      directory.recordEvent({ kind: "resumed", step, environment, configHash: directory.configHash });
      return step;
    },
  };
}

/** The lock comes first, so that of two processes with one `--run` the second finds it taken. */
async function createLockedRun(path: string, description: RunDescription, clock: RunClock): Promise<RunDirectory> {
  assertVacant(path);
  lockRun(path);
  return createRunDirectory(path, description, clock);
}

function openLockedRun(path: string, clock: RunClock): RunDirectory {
  const directory = openRunDirectory(path, clock);
  lockRun(path);
  return directory;
}

async function restoreNewest(directory: RunDirectory, state: TrainingState, output: Output): Promise<number> {
  const loaded = await loadCheckpoint(directory, state);
  for (const { step, reason } of loaded?.damaged ?? []) {
    output.note(
      { kind: "checkpoint-damaged", step, reason },
      `warning: the checkpoint of step ${step} is damaged (${reason}); using the one before it`,
    );
  }
  const step = loaded?.step ?? 0;
  const text = loaded === undefined ? "no checkpoint yet: starting from the first step" : `going on from step ${step}`;
  output.note({ kind: "resumed", step }, text);
  return step;
}
