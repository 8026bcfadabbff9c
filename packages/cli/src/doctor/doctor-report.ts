import { availableParallelism, cpus, freemem, totalmem } from "node:os";
import { divgenCacheFolder } from "@divgen/backend-node";
import type { EngineFinding } from "./examine-engines.ts";

/** What `divgen doctor --json` prints. */
export interface DoctorReport {
  readonly node: string;
  readonly platform: string;
  readonly architecture: string;
  readonly processor: string;
  /** Processor threads that this process may use. */
  readonly processorThreads: number;
  readonly memoryBytes: number;
  readonly freeMemoryBytes: number;
  readonly cacheFolder: string;
  /** What `DIVGEN_ENGINE` asks for, if it is set. */
  readonly engineVariable: string | null;
  /** The engine that "auto" takes; null when none works. */
  readonly auto: string | null;
  readonly engines: readonly EngineFinding[];
}

/** Puts the findings together with facts about the machine. */
export function createDoctorReport(engines: readonly EngineFinding[]): DoctorReport {
  return {
    node: process.versions.node,
    platform: process.platform,
    architecture: process.arch,
    processor: cpus()[0]?.model.trim() ?? "unknown",
    processorThreads: availableParallelism(),
    memoryBytes: totalmem(),
    freeMemoryBytes: freemem(),
    cacheFolder: divgenCacheFolder(),
    engineVariable: process.env["DIVGEN_ENGINE"] ?? null,
    auto: engines.find(({ available, name }) => available && name !== "cpu")?.name ?? null,
    engines,
  };
}

/** The report for a person. */
export function formatDoctorReport(report: DoctorReport): string {
  const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const lines = [
    `Node ${report.node}, ${report.platform} ${report.architecture}`,
    `${report.processor}, ${report.processorThreads} threads, ${gigabytes(report.memoryBytes)} memory (${gigabytes(report.freeMemoryBytes)} free)`,
    `Engines are kept in ${report.cacheFolder}`,
    ...(report.engineVariable === null ? [] : [`DIVGEN_ENGINE=${report.engineVariable}`]),
    "",
    ...report.engines.flatMap((engine) => formatFinding(engine, engine.name === report.auto)),
  ];
  return lines.join("\n");
}

function formatFinding(engine: EngineFinding, chosen: boolean): string[] {
  const name = engine.name.padEnd(12);
  const indent = " ".repeat(15);
  if (!engine.available) {
    const remedy = engine.remedy === null ? [] : [`${indent}to mend it: ${engine.remedy}`];
    return [`-- ${name}${engine.problem}`, ...remedy];
  }
  const { dcganStep: step } = engine;
  const memory = `${Math.round(engine.peakMemoryBytes / 2 ** 20)} MiB`;
  const threads = `${engine.threads} thread${engine.threads === 1 ? "" : "s"}`;
  const lines = [`ok ${name}${engine.description}${chosen ? "  <- chosen by --engine auto" : ""}`];
  if (step !== undefined) {
    const size = `batch ${step.batch}${step.channelDivisor === 1 ? "" : `, 1/${step.channelDivisor} of the channels`}`;
    const scaled = step.scaled ? `, about ${seconds(step.secondsAtBatch64)} for batch 64` : "";
    lines.push(`${indent}DCGAN step (32 x 32, ${size}): ${seconds(step.seconds)}${scaled}`);
  }
  lines.push(`${indent}${engine.device}, ${threads}, peak memory ${memory}`);
  const { openBlas } = engine;
  if (openBlas?.isUsed === true) lines.push(`${indent}OpenBLAS ${openBlas.version ?? "of an unknown version"}`);
  else if (openBlas !== undefined) {
    lines.push(`${indent}no OpenBLAS: ${openBlas.problem}`, `${indent}to mend it: ${openBlas.remedy}`);
  }
  return lines;
}

function seconds(value: number): string {
  return value < 1 ? `${Math.round(value * 1000)} ms` : `${value < 10 ? value.toFixed(2) : value.toFixed(0)} s`;
}
