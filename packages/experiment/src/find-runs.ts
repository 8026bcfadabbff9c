import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeDirectory } from "./durable-files.ts";
import { isRunDirectory, openRunDirectory, type RunDirectory } from "./run-directory.ts";
import { storageError, systemErrorCode } from "./run-errors.ts";

/** Which runs to look for. */
export interface FindRunsOptions {
  /** Only runs with this configuration hash. */
  readonly configHash?: string;
}

/**
 * The runs of an app, oldest first. Directories that are no runs, or damaged ones, are passed over.
 *
 * @param runsFolder - the folder with one folder an app in it.
 */
export function findRuns(runsFolder: string, app: string, { configHash }: FindRunsOptions = {}): RunDirectory[] {
  const folder = join(runsFolder, app);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter(isRunDirectory)
    .flatMap((path) => {
      try {
        return [openRunDirectory(path)];
      } catch {
        return [];
      }
    })
    .filter((run) => run.app === app && (configHash === undefined || run.configHash === configHash))
    .sort((a, b) => compareText(a.created, b.created) || compareText(a.path, b.path));
}

/**
 * Makes the folder of a new run: `RUNS/APP/PRESET[-METHOD]-seedN-TIME`, with a number behind it where that is taken. The
 * folder is this caller's alone: of processes that start in one second each gets its own.
 *
 * @param config - its "method" and "seed", if any, become part of the name.
 * @returns its path; it is empty.
 * @throws StorageError if it cannot be made.
 */
export function claimRunFolder(runsFolder: string, app: string, preset: string, config: object, now: Date): string {
  const { method, seed } = config as { method?: unknown; seed?: unknown };
  const time = now.toISOString().replace(/[-:]|\.\d+Z/g, "");
  const parts = [preset, typeof method === "string" ? method : [], typeof seed === "number" ? `seed${seed}` : [], time];
  const path = join(runsFolder, app, parts.flat().join("-"));
  try {
    makeDirectory(dirname(path));
    for (let copy = 1; ; copy++) {
      const candidate = copy === 1 ? path : `${path}-${copy}`;
      if (isMadeHere(candidate)) return candidate;
    }
  } catch (error) {
    throw storageError(error, `create the run directory ${path}`);
  }
}

/** Whether this call made the folder; looking first and making it then would let two processes do so. */
function isMadeHere(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === "EEXIST") return false;
    throw error;
  }
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
