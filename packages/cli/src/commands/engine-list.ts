import { enginesFolder, type InstalledEngine, listInstalledEngines, openBlasOfEngine } from "@divgen/backend-node";
import { Command } from "commander";
import type { CommandOutput } from "../command-output.ts";

/** `divgen engine list`: what is installed, and what is broken. */
export function createEngineListCommand(output: CommandOutput): Command {
  return new Command("list")
    .description("list the engines that were installed")
    .option("--json", "print them as JSON")
    .action(({ json = false }: { readonly json?: boolean }) => {
      const { engines, broken } = listInstalledEngines();
      if (json) {
        const listed = engines.map((engine) => {
          const { folder, manifest } = engine;
          return { folder, ...manifest, openBlas: openBlasOfEngine(engine) };
        });
        output.result(JSON.stringify({ folder: enginesFolder(), engines: listed, broken }, null, 2));
        return;
      }
      for (const engine of engines) output.result(describeEngine(engine));
      for (const { folder, problem } of broken) {
        output.result(`broken: ${folder} (${problem}); to mend it: divgen engine install`);
      }
      if (engines.length + broken.length === 0) {
        output.result(`No engine is installed in ${enginesFolder()}. To install one: divgen engine install`);
      }
    });
}

function describeEngine(installed: InstalledEngine): string {
  const { folder, manifest } = installed;
  const megabytes = Math.round(manifest.files.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6);
  const { engine, tensorflow, tfjsNode, platform, architecture } = manifest;
  const { isUsed, version, problem, remedy } = openBlasOfEngine(installed);
  const found = isUsed || version !== null ? `OpenBLAS ${version ?? "of an unknown version"}` : "no OpenBLAS";
  const openBlas = isUsed || version === null ? found : `${found} not in use`;
  const line = `${engine}: TensorFlow ${tensorflow}, tfjs-node ${tfjsNode}, ${openBlas}, ${platform} ${architecture}, ${megabytes} MB, ${folder}`;
  return isUsed ? line : `${line}\n  OpenBLAS: ${problem}; to mend it: ${remedy}`;
}
