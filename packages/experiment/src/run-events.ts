import type { TrainingEvent } from "@divgen/training";
import type { RunEnvironment } from "./run-environment.ts";

/** The run began with its first step. */
export interface StartedEvent {
  readonly kind: "started";
  readonly environment: RunEnvironment;
}

/** The run goes on from a checkpoint. Steps after it that an earlier process made are not part of the run any more. */
export interface ResumedEvent {
  readonly kind: "resumed";
  readonly step: number;
  readonly environment: RunEnvironment;
  /** SHA-256 of the configuration from here on. */
  readonly configHash: string;
}

/** A checkpoint is complete on the disk. */
export interface CheckpointSavedEvent {
  readonly kind: "checkpoint-saved";
  readonly step: number;
  /** Relative to the run directory. */
  readonly path: string;
  readonly bytes: number;
}

/** A checkpoint could not be used and the one before it was taken. */
export interface CheckpointDamagedEvent {
  readonly kind: "checkpoint-damaged";
  /** The step of the damaged checkpoint. */
  readonly damagedStep: number;
  readonly reason: string;
  /** What its directory was renamed to, relative to the run directory; absent where renaming was refused. */
  readonly movedTo?: string;
}

/** Sample images were written. */
export interface SamplesSavedEvent {
  readonly kind: "samples-saved";
  readonly step: number;
  /** Relative to the run directory. */
  readonly paths: readonly string[];
}

/** The run ended by an error. */
export interface FailedEvent {
  readonly kind: "failed";
  readonly error: string;
  readonly message: string;
}

/** What the event log of a run holds: the training loop's events and those of the run around it. */
export type RunEvent =
  | TrainingEvent
  | StartedEvent
  | ResumedEvent
  | CheckpointSavedEvent
  | CheckpointDamagedEvent
  | SamplesSavedEvent
  | FailedEvent;

/** Version of the line format of `events.jsonl` and `metrics.jsonl`. */
export const LOG_SCHEMA = 1;

/** A line of `events.jsonl`. */
export type LoggedEvent = RunEvent & {
  /** Version of the line format. */
  readonly schema: number;
  /** Time of writing, ISO 8601, UTC. */
  readonly time: string;
};

/**
 * Events that tell what happened to the run as a whole. They stay when a resume takes steps back; all others are the
 * history of steps, of which there is only one.
 */
const LIFECYCLE: ReadonlySet<string> = new Set(["started", "resumed", "checkpoint-damaged", "failed"]);

/** Whether a line of the event log or the metric log belongs to a history that ends with `step`. */
export function isHistoryUpTo(record: Readonly<Record<string, unknown>>, step: number): boolean {
  if (typeof record["kind"] === "string" && LIFECYCLE.has(record["kind"])) return true;
  return typeof record["step"] !== "number" || record["step"] <= step;
}
