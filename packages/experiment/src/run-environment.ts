import { availableParallelism, cpus, totalmem } from "node:os";
import { version_core as tensorflowVersion } from "@tensorflow/tfjs-core";

/** The machine and the software of a run. */
export interface RunEnvironment {
  /** Version of Node, such as "v20.20.2". */
  readonly node: string;
  /** Such as "linux-x64". */
  readonly platform: string;
  readonly cpu: string;
  /** Cores that this process may use. */
  readonly cores: number;
  readonly memoryGiB: number;
  /** Version of tfjs-core. */
  readonly tensorflowJs: string;
  /** Name of the engine, once it is chosen. */
  readonly engine?: string;
  /** Further versions and facts, such as the engine's own version or the commit. */
  readonly details?: Readonly<Record<string, string>>;
}

/** What an app knows and this package cannot see. */
export interface EnvironmentOptions {
  readonly engine?: string;
  readonly details?: Readonly<Record<string, string>>;
}

/** Looks at the machine. Nothing in it names the user, the host or a path. */
export function describeEnvironment({ engine, details }: EnvironmentOptions = {}): RunEnvironment {
  return {
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round((totalmem() / 2 ** 30) * 10) / 10,
    tensorflowJs: tensorflowVersion,
    ...(engine === undefined ? {} : { engine }),
    ...(details === undefined ? {} : { details }),
  };
}
