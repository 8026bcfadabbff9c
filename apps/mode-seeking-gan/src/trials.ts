import type { MetricResult } from "@divgen/metrics";
import type { RandomKey } from "@divgen/random";
import type { Measurement, Task } from "./task.ts";

/** Repeated measurements of one generator. */
export interface Trials {
  /** One a trial. */
  readonly measurements: readonly Measurement[];
  /** Means over trials, the deviation (n - 1) among the details. */
  readonly metrics: readonly MetricResult[];
}

/** Measures a task's generator several times, each with its own latents, bins and pairs. */
export async function measureTrials(task: Task, trials: number, key: RandomKey): Promise<Trials> {
  const measurements: Measurement[] = [];
  for (let trial = 0; trial < trials; trial++) measurements.push(await task.measure(key.fold(trial)));
  return { measurements, metrics: meanResults(measurements.map(({ metrics }) => metrics)) };
}

/** Means of the same metrics measured several times. */
export function meanResults(trials: readonly (readonly MetricResult[])[]): MetricResult[] {
  return trials[0]!.map((first, index) => {
    const values = trials.map((metrics) => metrics[index]!.value);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    if (values.length === 1) return first;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const deviation = Math.sqrt(squares / (values.length - 1));
    return {
      ...first,
      value: mean,
      details: { ...first.details, trials: values.length, trialDeviation: deviation },
      warnings: [...new Set(trials.flatMap((metrics) => metrics[index]!.warnings))],
    };
  });
}
