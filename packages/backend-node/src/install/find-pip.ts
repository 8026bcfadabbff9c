import type { EnginePlatform } from "./engine-platform.ts";
import { InstallError } from "./install-error.ts";
import { runCommand } from "./run-command.ts";

/** A pip that works: the command, and the arguments before pip's own. */
export interface Pip {
  readonly command: string;
  readonly prefix: readonly string[];
  /** What `pip --version` says, e.g. "pip 23.2.1". */
  readonly version: string;
}

const candidates: readonly (readonly [command: string, ...prefix: string[]])[] = [
  ["python3", "-m", "pip"],
  ["python", "-m", "pip"],
  ["pip3"],
  ["pip"],
];

/**
 * Finds a pip that runs.
 *
 * @throws InstallError that tells whether Python is missing or only its pip, and how to get it.
 */
export async function findPip(
  platform: Pick<EnginePlatform, "pipRemedy">,
  environment: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<Pip> {
  let pythonRuns = false;
  for (const [command, ...prefix] of candidates) {
    const result = await runCommand(command, [...prefix, "--version"], { timeLimitSeconds: 30, environment, signal });
    if (result.outcome === "succeeded") {
      return { command, prefix, version: /pip [\d.]+/.exec(result.output)?.[0] ?? "pip" };
    }
    if (command.startsWith("python") && result.outcome === "failed") pythonRuns = true;
  }
  const other = "Or give the wheel yourself: divgen engine install --from WHEEL. The wasm engine needs none of this.";
  throw new InstallError(
    pythonRuns
      ? "Python is here, but its pip is missing, and pip is what downloads TensorFlow's library."
      : "Neither Python nor pip is here, and pip is what downloads TensorFlow's library (Python is not used after that).",
    { remedy: `${platform.pipRemedy} ${other}` },
  );
}
