import { fileURLToPath } from "node:url";
import { EngineError, parseEngineChoice, withInterruption } from "@divgen/backend-node";
import { UsageError } from "@divgen/experiment";
import { Command, Option } from "commander";
import type { CommandOutput } from "../command-output.ts";
import { createDoctorReport, formatDoctorReport } from "../doctor/doctor-report.ts";
import { type EngineFinding, examineEngines, measureInChild } from "../doctor/examine-engines.ts";
import { measureEngine } from "../doctor/measure-engine.ts";

interface DoctorFlags {
  readonly json?: boolean;
  readonly time: boolean;
  readonly seconds: string;
  readonly measure?: string;
}

/** `divgen doctor`: which engines this machine has, how fast each is, and what mends the missing ones. */
export function createDoctorCommand(output: CommandOutput): Command {
  return new Command("doctor")
    .description("say which engines work here and how fast they are, and what mends the others")
    .option("--json", "print the report as JSON")
    .option("--no-time", "do not time training steps")
    .option("--seconds <number>", "no step of an engine begins after this long", "10")
    .addOption(new Option("--measure <engine>", "examine one engine in this process").hideHelp())
    .action(async ({ json = false, time, seconds, measure }: DoctorFlags) => {
      const budgetSeconds = Number(seconds);
      if (!(budgetSeconds > 0)) throw new UsageError(`--seconds: expected a positive number, got "${seconds}"`);
      if (measure !== undefined) {
        output.result(JSON.stringify(await examineHere(measure, { time, budgetSeconds })));
        return;
      }
      const script = fileURLToPath(new URL("../main.js", import.meta.url));
      const { result: findings } = await withInterruption((signal) =>
        examineEngines(measureInChild(script, { time, budgetSeconds, signal }), (name) =>
          output.status(`examining ${name} ...`),
        ),
      );
      const report = createDoctorReport(findings);
      output.result(json ? JSON.stringify(report, null, 2) : formatDoctorReport(report));
    });
}

async function examineHere(
  engine: string,
  options: { readonly time: boolean; readonly budgetSeconds: number },
): Promise<EngineFinding> {
  const name = parseEngineChoice(engine);
  if (name === "auto") throw new UsageError("--measure: expected the name of an engine, got auto");
  try {
    return { available: true, ...(await measureEngine(name, options)) };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return { available: false, name, problem: error.problem, remedy: error.remedy ?? null };
  }
}
