import { join } from "node:path";
import { Argument, Command } from "commander";
import type { CommandOutput } from "../command-output.ts";
import type { DataManifest } from "../data/data-manifest.ts";
import { prepareCifar10 } from "../data/prepare-cifar10.ts";
import { isCmpFacades, prepareCmpFacades } from "../data/prepare-cmp-facades.ts";
import { type PrepareRequest, preparePairs } from "../data/prepare-pairs.ts";
import { writeOutputFile } from "../output-file.ts";
import { createTaskProgress, type TaskProgress } from "../task-progress.ts";

const names = ["facades", "maps", "cifar10"] as const;
type DataName = (typeof names)[number];

interface PrepareFlags {
  readonly from: string;
  readonly to?: string;
  readonly manifest?: string;
  readonly json?: boolean;
}

/** `divgen data prepare`: looks at every file of a data set, decodes facade labels, and writes a manifest. */
export function createDataPrepareCommand(output: CommandOutput): Command {
  return new Command("prepare")
    .description("check every file of a data set, decode facade labels, and write a manifest with SHA-256")
    .addArgument(new Argument("<data>", "which data set").choices(names))
    .requiredOption("--from <path>", "its folder: pix2pix's splits, CMP's base/ and extended/, or CIFAR-10's files")
    .option("--to <path>", "folder for facades with clean label maps: A/SPLIT/ photographs, B/SPLIT/ labels")
    .option("--manifest <file>", "where the manifest goes (default: manifest.json in --to, else in --from)")
    .option("--json", "print the manifest without its files as JSON")
    .action(async (data: DataName, { from, to, manifest: manifestPath, json }: PrepareFlags) => {
      let progress: TaskProgress | undefined;
      const manifest = await prepare(data, {
        from,
        ...(to === undefined ? {} : { to }),
        progress: (done, total) => {
          if (done === 1) progress = createTaskProgress(output, { name: `${data} in ${from}`, total, unit: "files" });
          progress?.update(done);
        },
      });
      const file = manifestPath ?? join(to ?? from, "manifest.json");
      await writeOutputFile(file, `${JSON.stringify(manifest, null, 1)}\n`);
      for (const warning of manifest.warnings) output.note(`warning: ${warning}`);
      output.result(json === true ? JSON.stringify(summaryOf(manifest, file), null, 2) : textOf(manifest, file));
    });
}

async function prepare(data: DataName, request: PrepareRequest): Promise<DataManifest> {
  if (data === "cifar10") return prepareCifar10(request);
  if (data === "facades" && (await isCmpFacades(request.from))) return prepareCmpFacades(request);
  return preparePairs(data, request);
}

function summaryOf({ splits, ...manifest }: DataManifest, file: string) {
  const counts = Object.entries(splits).map(([name, { count, published }]) => [name, { count, published }] as const);
  return { ...manifest, splits: Object.fromEntries(counts), manifest: file };
}

function textOf({ data, form, splits, palette }: DataManifest, file: string): string {
  const counts = Object.entries(splits).map(([name, { count }]) => `${count} ${name}`);
  const colours = palette === undefined ? "" : `, labels in the colours of ${palette.name}`;
  return `${data} (${form}): ${counts.join(", ")}${colours}; all readable\nmanifest: ${file}`;
}
