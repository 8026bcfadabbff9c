import { loadStoredWeights, selectEngine } from "@divgen/backend-node";
import { DataError } from "@divgen/core-tensors";
import { Command } from "commander";
import type { CommandOutput } from "../command-output.ts";
import { listStoredWeights } from "../weights/weight-store.ts";
import { findNetwork } from "./weights-import.ts";

/** `divgen weights verify`: whether imported weights are still what was imported, and fit their networks. */
export function createWeightsVerifyCommand(output: CommandOutput): Command {
  return new Command("verify")
    .description("check imported weights against their SHA-256 and their networks")
    .argument("[networks...]", "all that were imported, unless named")
    .option("--json", "print the outcome as JSON")
    .action(async (networks: string[], { json = false }: { readonly json?: boolean }) => {
      const named = networks.map((name) => findNetwork(name));
      const wanted = named.length > 0 ? named : (await listStoredWeights()).map(({ network }) => findNetwork(network));
      await selectEngine("cpu");
      const outcomes: { readonly network: string; readonly problem: string | null }[] = [];
      for (const network of wanted) outcomes.push({ network: network.name, problem: await problemOf(network) });
      if (json) output.result(JSON.stringify(outcomes, null, 2));
      else {
        if (outcomes.length === 0) output.result("No weights were imported. To import some: divgen weights import");
        for (const { network, problem } of outcomes) {
          output.result(problem === null ? `ok ${network}` : `broken ${network}: ${problem}`);
        }
      }
      const broken = outcomes.filter(({ problem }) => problem !== null);
      if (broken.length > 0) {
        throw new DataError(`weights of ${broken.map(({ network }) => network).join(", ")} cannot be used`);
      }
    });
}

async function problemOf(network: ReturnType<typeof findNetwork>): Promise<string | null> {
  try {
    const found = await loadStoredWeights(network.name);
    if (found === undefined) return "none were imported";
    network.check(found.weights);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
