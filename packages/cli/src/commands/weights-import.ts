import { selectEngine, storedWeightsPath } from "@divgen/backend-node";
import { spellingHint, UsageError } from "@divgen/experiment";
import { Command } from "commander";
import type { CommandOutput } from "../command-output.ts";
import { type KnownNetwork, knownNetworks } from "../weights/known-networks.ts";
import { describeSize, importWeights } from "../weights/weight-store.ts";

/** `divgen weights import`: keeps a file of weights for a network. */
export function createWeightsImportCommand(output: CommandOutput): Command {
  const names = knownNetworks.map(({ name }) => name).join(", ");
  return new Command("import")
    .description("check a file of weights by names and shapes, and keep it for extractors")
    .argument("<file>", ".safetensors, PyTorch .pth, .npz, or model.json of TensorFlow.js; nothing in it is executed")
    .requiredOption("--network <name>", `what the weights are of: ${names}`)
    .option("--json", "print what was kept as JSON")
    .action(
      async (file: string, { network: name, json = false }: { readonly network: string; readonly json?: boolean }) => {
        const network = findNetwork(name);
        // The networks are built once, to be checked; no arithmetic is done.
        await selectEngine("cpu");
        const stored = await importWeights(file, network);
        const { original, source, bytes } = stored;
        const kind = original === null ? "not a file that divgen knows" : `the well-known ${original}`;
        output.result(
          json
            ? JSON.stringify({ ...stored, file: storedWeightsPath(network.name) }, null, 2)
            : `${network.name}: ${describeSize(bytes)} in ${storedWeightsPath(network.name)}\nsha256 of ${source.file}: ${source.sha256} (${kind})`,
        );
      },
    );
}

/** @throws UsageError for a name that is no network's, with the nearest that is. */
export function findNetwork(name: string): KnownNetwork {
  const network = knownNetworks.find((known) => known.name === name);
  if (network !== undefined) return network;
  const names = knownNetworks.map((known) => known.name);
  throw new UsageError(
    `--network: there is no network "${name}".${spellingHint(name, names)} All: ${names.join(", ")}`,
  );
}
