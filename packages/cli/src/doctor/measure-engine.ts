import { availableParallelism } from "node:os";
import {
  type Engine,
  type EngineName,
  loadedNativeBinding,
  loadedOpenBlas,
  type OpenBlasState,
  selectEngine,
  wasmThreadCount,
} from "@divgen/backend-node";
import { randomKey } from "@divgen/random";
import { createDcganStep } from "./dcgan-step.ts";

/** How fast an engine trained. */
export interface StepTime {
  /** Seconds of one step as it was run: the median of `steps`. */
  readonly seconds: number;
  readonly steps: number;
  readonly batch: number;
  readonly channelDivisor: number;
  /** Seconds of a step of batch 64 with all channels: measured, or in proportion to the arithmetic. */
  readonly secondsAtBatch64: number;
  readonly scaled: boolean;
}

/** What an engine is and does on this machine. */
export interface EngineMeasurement extends Engine {
  readonly device: "GPU" | "CPU";
  /** Threads within one operation. */
  readonly threads: number;
  /** Largest resident memory of the process that was measured, in bytes. */
  readonly peakMemoryBytes: number;
  readonly dcganStep: StepTime | undefined;
  /** Of the native engine on the CPU, whose matrix products and float64 linear algebra go through it. */
  readonly openBlas: OpenBlasState | undefined;
}

/** What is run on each engine, so that a step takes seconds at most. */
const stepSizes: Readonly<Record<EngineName, { readonly batch: number; readonly channelDivisor: number }>> = {
  "native-gpu": { batch: 64, channelDivisor: 1 },
  native: { batch: 64, channelDivisor: 1 },
  webgpu: { batch: 64, channelDivisor: 1 },
  wasm: { batch: 8, channelDivisor: 1 },
  cpu: { batch: 2, channelDivisor: 8 },
};

/**
 * Selects an engine in this process and times DCGAN steps on it.
 *
 * @param budgetSeconds - no step begins after this long; at least one is timed, after one that warms up.
 * @throws EngineError when the engine cannot be used.
 */
export async function measureEngine(
  name: EngineName,
  { budgetSeconds, time }: { readonly budgetSeconds: number; readonly time: boolean },
): Promise<EngineMeasurement> {
  const engine = await selectEngine(name);
  const dcganStep = time ? await timeSteps(name, budgetSeconds) : undefined;
  const gpu = name === "native-gpu" || name === "webgpu";
  return {
    ...engine,
    device: gpu ? "GPU" : "CPU",
    threads: threadsOf(name),
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    dcganStep,
    openBlas: name === "native" ? loadedOpenBlas() : undefined,
  };
}

async function timeSteps(name: EngineName, budgetSeconds: number): Promise<StepTime> {
  const { batch, channelDivisor } = stepSizes[name];
  const step = createDcganStep({ batch, channelDivisor, key: randomKey(0) });
  const begin = performance.now();
  const seconds: number[] = [];
  try {
    await step.run();
    do {
      const start = performance.now();
      await step.run();
      seconds.push((performance.now() - start) / 1000);
    } while (seconds.length < 5 && (performance.now() - begin) / 1000 < budgetSeconds);
  } finally {
    step.dispose();
  }
  const median = seconds.sort((first, second) => first - second)[Math.floor(seconds.length / 2)]!;
  const factor = (64 / batch) * channelDivisor ** 2;
  return {
    seconds: median,
    steps: seconds.length,
    batch,
    channelDivisor,
    secondsAtBatch64: median * factor,
    scaled: factor !== 1,
  };
}

function threadsOf(name: EngineName): number {
  if (name === "wasm") return wasmThreadCount();
  if (loadedNativeBinding() === undefined || !name.startsWith("native")) return 1;
  return Number(process.env["TF_NUM_INTRAOP_THREADS"]) || availableParallelism();
}
