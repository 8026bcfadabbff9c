import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isRunDirectory, openRunDirectory, type RunDirectory } from "./run-directory.ts";

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
 * A path for a new run: `RUNS/APP/PRESET[-METHOD]-seedN-TIME`, with a number behind it where that is taken.
 *
 * @param config - its "method" and "seed", if any, become part of the name.
 */
export function newRunPath(runsFolder: string, app: string, preset: string, config: object, now: Date): string {
  const { method, seed } = config as { method?: unknown; seed?: unknown };
  const time = now.toISOString().replace(/[-:]|\.\d+Z/g, "");
  const parts = [preset, typeof method === "string" ? method : [], typeof seed === "number" ? `seed${seed}` : [], time];
  const path = join(runsFolder, app, parts.flat().join("-"));
  let free = path;
  for (let copy = 2; existsSync(free); copy++) free = `${path}-${copy}`;
  return free;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
