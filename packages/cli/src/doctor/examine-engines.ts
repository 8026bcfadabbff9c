import { type EngineName, engineNames, runCommand } from "@divgen/backend-node";
import type { EngineMeasurement } from "./measure-engine.ts";

/** An engine that this machine has, or why not. */
export type EngineFinding =
  | ({ readonly available: true } & EngineMeasurement)
  | {
      readonly available: false;
      readonly name: EngineName;
      readonly problem: string;
      /** The command or step that mends it, if there is one. */
      readonly remedy: string | null;
    };

/** Measures one engine; in another process, so that none can harm the others. */
export type MeasureElsewhere = (name: EngineName) => Promise<EngineFinding>;

/**
 * Measures each engine in a process of its own: engines share no memory, a crash is a finding, and TensorFlow can be
 * loaded once a process only.
 *
 * @param script - the script of the `divgen` command.
 */
export function measureInChild(
  script: string,
  {
    time,
    budgetSeconds,
    signal,
  }: { readonly time: boolean; readonly budgetSeconds: number; readonly signal: AbortSignal },
): MeasureElsewhere {
  return async (name) => {
    const flags = ["doctor", "--measure", name, "--seconds", String(budgetSeconds), ...(time ? [] : ["--no-time"])];
    // What is loaded and the warm-up come on top of the steps.
    const timeLimitSeconds = 4 * budgetSeconds + 60;
    const result = await runCommand(process.execPath, [script, ...flags], { timeLimitSeconds, signal });
    const line = result.output.trim().split("\n").at(-1) ?? "";
    if (result.outcome === "succeeded" && line.startsWith("{")) return JSON.parse(line) as EngineFinding;
    const problem =
      result.outcome === "timed out"
        ? `it did not finish a step within ${timeLimitSeconds} seconds`
        : `the process that tried it ended with ${result.exit}: ${reasonIn(result.errors)}`;
    return { available: false, name, problem, remedy: null };
  };
}

function reasonIn(errors: string): string {
  const lines = errors.trim().split("\n");
  return (lines.find((line) => line.startsWith("divgen:")) ?? lines.at(-1) ?? "").replace(/^divgen: /, "");
}

/** Findings on all engines, in the order in which "auto" tries them. */
export async function examineEngines(
  measure: MeasureElsewhere,
  onStart: (name: EngineName) => void,
): Promise<EngineFinding[]> {
  const findings: EngineFinding[] = [];
  // One after the other: two at a time would measure each other.
  for (const name of engineNames) {
    onStart(name);
    findings.push(await measure(name));
  }
  return findings;
}
