import { resolve } from "node:path";
import {
  describeProgress,
  installEngine,
  openBlasOfEngine,
  progressLines,
  withInterruption,
} from "@divgen/backend-node";
import { Command } from "commander";
import type { CommandOutput } from "../command-output.ts";

interface InstallFlags {
  readonly gpu?: boolean;
  readonly from?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** `divgen engine install`: builds the native engine on this machine. */
export function createEngineInstallCommand(output: CommandOutput): Command {
  return new Command("install")
    .description("compile the native engine against TensorFlow's library (needs pip and a C++ compiler)")
    .option("--gpu", "build for NVIDIA GPUs (Linux x64; several gigabytes of CUDA libraries)")
    .option("--from <wheel>", "use this TensorFlow wheel instead of one from the Python package index")
    .option("--force", "build again when the engine is there already")
    .option("--json", "print the engine as JSON")
    .action(async ({ gpu = false, from, force = false, json = false }: InstallFlags) => {
      const lines = progressLines(output.note);
      const { result: engine } = await withInterruption((signal) =>
        installEngine({
          gpu,
          force,
          signal,
          ...(from === undefined ? {} : { from: resolve(from) }),
          onProgress: (progress) => {
            if (output.watched) output.status(describeProgress(progress));
            else lines(progress);
          },
        }),
      );
      const { manifest, folder } = engine;
      const openBlas = openBlasOfEngine(engine);
      output.result(
        json
          ? JSON.stringify({ folder, ...manifest, openBlas }, null, 2)
          : `The ${manifest.engine} engine is ready: TensorFlow ${manifest.tensorflow}, ${openBlas.isUsed ? "with" : "without"} OpenBLAS, in ${folder}`,
      );
    });
}
