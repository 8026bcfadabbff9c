import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { divgenCacheFolder } from "./engine-folder.ts";
import { makeFolder } from "./make-folder.ts";

/** A try to install the engine that failed, remembered so that not every start tries again. */
export interface FailedAttempt {
  readonly at: string;
  readonly problem: string;
}

function attemptFile(environment: NodeJS.ProcessEnv): string {
  return join(divgenCacheFolder(environment), `failed-attempt-${process.platform}-${process.arch}.json`);
}

/** What the last failed try said, if it was not forgotten since. */
export async function readFailedAttempt(
  environment: NodeJS.ProcessEnv = process.env,
): Promise<FailedAttempt | undefined> {
  try {
    return JSON.parse(await readFile(attemptFile(environment), "utf8")) as FailedAttempt;
  } catch {
    return undefined;
  }
}

/** Remembers a failed try; where nothing can be written, nothing is remembered. */
export async function rememberFailedAttempt(problem: string, environment: NodeJS.ProcessEnv): Promise<void> {
  try {
    await makeFolder(divgenCacheFolder(environment));
    await writeFile(attemptFile(environment), JSON.stringify({ at: new Date().toISOString(), problem }));
  } catch {
    // The next start tries again.
  }
}

/** Lets the next start try again. */
export async function forgetFailedAttempt(environment: NodeJS.ProcessEnv): Promise<void> {
  await rm(attemptFile(environment), { force: true });
}
