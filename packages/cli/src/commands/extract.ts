import { extname } from "node:path";
import { withInterruption } from "@divgen/backend-node";
import { DataError } from "@divgen/core-tensors";
import { UsageError } from "@divgen/experiment";
import { type ArrayWithShape, writeNpy, writeNpz } from "@divgen/weight-files";
import { Command } from "commander";
import type { CommandOutput } from "../command-output.ts";
import { addExtractorOptions, type ExtractorFlags } from "../extraction/choose-extractor.ts";
import { type FoundFeatures, featuresOfPath } from "../extraction/features-of-path.ts";
import { writeOutputFile } from "../output-file.ts";
import { ORIGIN_ARRAY, originToArray } from "../samples/feature-origin.ts";

interface ExtractFlags extends ExtractorFlags {
  readonly output: string;
  readonly json?: boolean;
  readonly cache: boolean;
}

/** `divgen extract`: feature vectors of images. */
export function createExtractCommand(output: CommandOutput): Command {
  const command = new Command("extract")
    .description("save the features of images, one row an image, in natural order of their paths")
    .argument("<path>", "folder of images, or .npy/.npz of uint8 images")
    .requiredOption("--output <file>", ".npz (features and where they come from) or .npy (features alone)");
  return addExtractorOptions(command)
    .option("--no-cache", "neither use nor keep features in the cache")
    .option("--json", "print what was extracted as JSON, with the name of each row")
    .action(async (path: string, flags: ExtractFlags) => {
      const extension = extname(flags.output).toLowerCase();
      if (extension !== ".npy" && extension !== ".npz") {
        throw new UsageError(`--output: expected a name that ends in .npz or .npy, got "${flags.output}"`);
      }
      const { result: found } = await withInterruption((signal) =>
        featuresOfPath(path, { extractorFlags: flags, useCache: flags.cache, output, signal }),
      );
      if (found.origin === undefined || !found.isSelected)
        throw new DataError(`${path}: expected images, got features.`);
      await writeOutputFile(flags.output, fileOf(found, extension));
      const { rows, columns } = found.features;
      const { skipped, names, origin } = found;
      output.result(
        flags.json === true
          ? JSON.stringify({ file: flags.output, count: rows, features: columns, ...origin, skipped, names }, null, 2)
          : `${flags.output}: ${rows} images, ${columns} features${skipped.length === 0 ? "" : `, ${skipped.length} unreadable left out`}`,
      );
    });
}

function fileOf({ features, origin }: FoundFeatures, extension: string): Uint8Array {
  const array: ArrayWithShape = {
    shape: [features.rows, features.columns],
    values: Float32Array.from(features.values),
  };
  if (extension === ".npy") return writeNpy(array);
  return writeNpz(
    new Map([
      ["features", array],
      [ORIGIN_ARRAY, originToArray(origin!)],
    ]),
  );
}
