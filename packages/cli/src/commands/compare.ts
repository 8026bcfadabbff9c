import { createReport, describeEnvironment, type MetricsTable, UsageError } from "@divgen/experiment";
import { Command } from "commander";
import type { CommandOutput } from "../command-output.ts";
import { compareEvaluations } from "../comparison/compare-evaluations.ts";
import { type NamedEvaluation, readEvaluation } from "../comparison/read-evaluation.ts";
import { makeFolder } from "../output-file.ts";
import { describeOrigin } from "../samples/feature-origin.ts";

interface CompareFlags {
  readonly json?: boolean;
  readonly report?: string;
}

/** `divgen compare`: evaluations side by side, where they may stand so. */
export function createCompareCommand(output: CommandOutput): Command {
  return new Command("compare")
    .description("put evaluations side by side; refuses unlike protocols, extractors, settings and references")
    .argument("<files...>", "files of divgen evaluate --output, or NAME=FILE")
    .option("--json", "print the table as JSON")
    .option("--report <folder>", "also write report.html and report.json there")
    .action(async (files: string[], { json = false, report: folder }: CompareFlags) => {
      if (files.length < 2) throw new UsageError("compare: expected two files or more, got one");
      const evaluations = await Promise.all(files.map(readEvaluation));
      const names = evaluations.map(({ name }) => name);
      const twice = names.find((name, index) => names.indexOf(name) !== index);
      if (twice !== undefined) throw new UsageError(`compare: two rows are called ${twice}; name them: NAME=FILE`);
      const table = compareEvaluations(evaluations);
      const report = createReport({ title: "Comparison of samples", subtitle: table.caption })
        .heading("Results")
        .metricsTable(table)
        .heading("Where the numbers come from");
      for (const { name, evaluation } of evaluations) {
        const { generated, reference, engine, results } = evaluation;
        report.keyValues({
          caption: name,
          entries: {
            ...{ samples: generated.path, count: generated.count ?? "unknown", sha256: generated.sha256 },
            ...(reference === undefined ? {} : { reference: reference.path, "reference sha256": reference.sha256 }),
            features: [...new Set(results.map((result) => describeOrigin(result)))],
            ...{ protocol: results[0]?.protocol, seed: results[0]?.seed, engine },
          },
        });
      }
      report.keyValues({ caption: "Machine and software", entries: { ...describeEnvironment() } });
      if (folder !== undefined) {
        makeFolder(folder);
        output.note(`report: ${(await report.write(folder)).htmlPath}`);
      }
      output.result(json ? JSON.stringify(table, null, 2) : terminalText(table, evaluations));
    });
}

/** The table for a terminal: the extractor stands above it, not in every column. */
function terminalText(table: MetricsTable, evaluations: readonly NamedEvaluation[]): string {
  const results = evaluations.flatMap(({ evaluation }) => evaluation.results);
  const origins = [...new Set(results.map((result) => describeOrigin(result)))];
  const caption = `${table.caption}\nfeatures: ${origins.join("; ")}`;
  const columns = table.columns.map((column) => {
    const extractor = results.find(({ metric }) => metric === column.key)?.extractor;
    return { ...column, title: column.title.replace(` (${extractor})`, "") };
  });
  return createReport({ title: "" })
    .metricsTable({ ...table, caption, columns })
    .text();
}
