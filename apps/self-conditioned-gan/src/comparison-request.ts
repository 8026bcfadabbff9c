import { UsageError } from "@divgen/experiment";
import { type Method, methods } from "./config.ts";

/** What a comparison trains. */
export interface ComparisonRequest {
  readonly methods: readonly Method[];
  /** Numbers of clusters of further self-conditioned runs, and of generators of mgan if it is compared (the paper's Figure 3). */
  readonly clusterCounts: readonly number[];
  readonly seeds: number;
  /** Processes at a time. */
  readonly jobs: number;
  /** Train nothing: only report what has ended. */
  readonly reportOnly: boolean;
}

/**
 * Refuses flags of single runs, which a comparison would ignore or take for its own.
 *
 * @param args - the command line.
 * @throws UsageError naming what a comparison has in their place.
 */
export function assertComparisonArguments(args: readonly string[]): void {
  if (!args.includes("--compare")) return;
  if (args.some((word) => /^--method(=|$)|^(--set=)?method=/.test(word))) {
    throw new UsageError("--compare: expected --methods with names and commas between, got --method");
  }
  if (args.some((word) => /^--resume(=|$)/.test(word))) {
    throw new UsageError(
      "--compare: expected --run with the comparison's folder, which goes on where it stopped, got --resume",
    );
  }
}

/** The methods that `--methods` names. @throws UsageError for one that is unknown or named twice. */
export function parseMethods(names: string): readonly Method[] {
  const parsed = names.split(",").map((name) => {
    const found = methods.find((method) => method === name);
    if (found === undefined) {
      throw new UsageError(`--methods: expected some of ${methods.join(", ")} with commas between, got "${name}"`);
    }
    return found;
  });
  assertDistinct("--methods", parsed);
  return parsed;
}

/** Numbers of clusters with commas between. @throws UsageError unless all are different integers of 2 or more. */
export function parseClusterCounts(text: string | undefined): readonly number[] {
  if (text === undefined) return [];
  const parsed = text.split(",").map((part) => {
    const count = Number(part);
    if (!Number.isInteger(count) || count < 2) {
      throw new UsageError(
        `--clusters: expected integers of 2 or more with commas between, such as 5,25,50, got "${part}"`,
      );
    }
    return count;
  });
  assertDistinct("--clusters", parsed);
  return parsed;
}

function assertDistinct(flag: string, values: readonly (string | number)[]): void {
  const twice = values.find((value, index) => values.indexOf(value) !== index);
  if (twice !== undefined) throw new UsageError(`${flag}: expected each once, got "${twice}" twice`);
}
