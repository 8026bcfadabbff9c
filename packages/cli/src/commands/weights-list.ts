import { weightsFolder } from "@divgen/backend-node";
import { Command } from "commander";
import type { CommandOutput } from "../command-output.ts";
import { filesOf, knownNetworks } from "../weights/known-networks.ts";
import { describeSize, listStoredWeights } from "../weights/weight-store.ts";

/** `divgen weights list`: which networks have weights here. */
export function createWeightsListCommand(output: CommandOutput): Command {
  return new Command("list")
    .description("say which networks have weights here, and which files others take")
    .option("--json", "print it as JSON")
    .action(async ({ json = false }: { readonly json?: boolean }) => {
      const stored = await listStoredWeights();
      if (json) {
        const networks = knownNetworks.map(({ name, originals }) => ({ name, originals }));
        output.result(JSON.stringify({ folder: weightsFolder(), weights: stored, networks }, null, 2));
        return;
      }
      for (const network of knownNetworks) {
        const { name } = network;
        const entry = stored.find(({ network }) => network === name);
        if (entry !== undefined) {
          const { source, original, bytes } = entry;
          const kind = original === null ? "" : ", a well-known original";
          output.result(
            `ok ${name}: ${source.file}, sha256 ${source.sha256.slice(0, 12)}${kind}, ${describeSize(bytes)}`,
          );
        } else {
          output.result(`-- ${name}: none; takes ${filesOf(network)}`);
        }
      }
    });
}
