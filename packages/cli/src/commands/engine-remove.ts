import { basename } from "node:path";
import { listInstalledEngines, removeInstalledEngine } from "@divgen/backend-node";
import { UsageError } from "@divgen/experiment";
import { Command } from "commander";
import type { CommandOutput } from "../command-output.ts";

/** `divgen engine remove`: frees the disk space of engines. */
export function createEngineRemoveCommand(output: CommandOutput): Command {
  return new Command("remove")
    .description("remove engines from disk")
    .argument("[engine]", "native, native-gpu, or the name of an engine's folder")
    .option("--all", "remove all engines, broken ones too")
    .action(async (engine: string | undefined, { all = false }: { readonly all?: boolean }) => {
      if ((engine === undefined) === !all) {
        throw new UsageError("engine remove: name an engine (divgen engine list shows them), or give --all");
      }
      const { engines, broken } = listInstalledEngines();
      const folders = [
        ...engines.filter(({ manifest }) => all || manifest.engine === engine).map(({ folder }) => folder),
        ...[...engines, ...broken].filter(({ folder }) => basename(folder) === engine).map(({ folder }) => folder),
        ...(all ? broken.map(({ folder }) => folder) : []),
      ];
      if (folders.length === 0 && !all) throw new UsageError(`engine remove: there is no engine "${engine}" here`);
      for (const folder of new Set(folders)) {
        await removeInstalledEngine(folder);
        output.result(`removed ${folder}`);
      }
    });
}
