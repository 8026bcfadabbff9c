import type { JsonValue } from "./canonical-json.ts";

/** A measured value with everything needed to judge it and to measure it again. */
export interface MetricRecord {
  /** Such as "frechet-distance" or "number-of-statistically-different-bins". */
  readonly metric: string;
  readonly value: number;
  /** Steps trained when it was measured. */
  readonly step: number;
  /** Name that the number may bear where it is not the metric's usual one: "FID" by the original weights. */
  readonly title?: string;
  /** Such as "nats"; absent for a number without unit. */
  readonly unit?: string;
  readonly higherIsBetter?: boolean;
  /** Number of samples behind the value. */
  readonly n?: number;
  readonly seed?: number;
  /** Name of the feature extractor. */
  readonly extractor?: string;
  /** SHA-256 of its weights. */
  readonly extractorHash?: string;
  readonly layer?: string;
  /** How images were brought to the extractor's size. */
  readonly resizeRule?: string;
  /** Named set of conventions, such as "msgan-facades". */
  readonly protocol?: string;
  readonly engine?: string;
  /** Anything else worth keeping. */
  readonly details?: Readonly<Record<string, JsonValue>>;
}

/** A line of `metrics.jsonl`. A value that is NaN or infinite is `null` there, its name in `nonFinite`. */
export type LoggedMetric = Omit<MetricRecord, "value"> & {
  readonly value: number | null;
  readonly nonFinite?: string;
  readonly schema: number;
  /** Time of writing, ISO 8601, UTC. */
  readonly time: string;
  /** Seconds since this process opened the run. */
  readonly seconds: number;
  readonly configHash: string;
};

/** The fields of a metric as JSON can hold them. */
export function metricFields(record: MetricRecord): Omit<LoggedMetric, "schema" | "time" | "seconds" | "configHash"> {
  return Number.isFinite(record.value) ? { ...record } : { ...record, value: null, nonFinite: String(record.value) };
}
