import type { TrainCommand } from "./app-definition.ts";
import { canonicalJson, sha256 } from "./canonical-json.ts";
import { formatDuration, type Output } from "./output.ts";

/** What a run is expected to need. Whatever is unknown is left out. */
export interface RunEstimate {
  readonly steps: number;
  /** Measured by a few steps, or known of the engine. */
  readonly secondsPerStep?: number;
  /** Trainable values of all networks. */
  readonly parameters?: number;
  readonly memoryGiB?: number;
  /** Size of one checkpoint. */
  readonly checkpointMiB?: number;
}

/** Prints what `--dry-run` is for: the resolved configuration, its hash, the engine and an estimate of time and memory. */
export function printDryRun(
  command: Pick<TrainCommand<object>, "preset" | "config">,
  engine: string,
  estimate: RunEstimate,
  output: Output,
): void {
  const { preset, config } = command;
  const configHash = sha256(canonicalJson(config));
  const { steps, secondsPerStep, parameters, memoryGiB, checkpointMiB } = estimate;
  const lines = [
    `preset ${preset}, configuration ${configHash.slice(0, 12)}:`,
    canonicalJson(config, 2),
    `engine: ${engine}`,
    `steps: ${steps.toLocaleString("en")}`,
    secondsPerStep === undefined ? [] : `time: about ${formatDuration(steps * secondsPerStep)}`,
    parameters === undefined ? [] : `trainable values: ${parameters.toLocaleString("en")}`,
    memoryGiB === undefined ? [] : `memory: about ${memoryGiB.toFixed(1)} GiB`,
    checkpointMiB === undefined ? [] : `a checkpoint: about ${checkpointMiB.toFixed(0)} MiB`,
  ].flat();
  output.note({ kind: "dry-run", preset, config, configHash, engine, estimate }, lines.join("\n"));
}
