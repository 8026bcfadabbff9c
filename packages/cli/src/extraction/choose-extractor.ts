import {
  type Engine,
  type EngineChoice,
  engineNames,
  loadStoredWeights,
  parseEngineChoice,
  selectEngine,
} from "@divgen/backend-node";
import { DataError, type FeatureExtractor } from "@divgen/core-tensors";
import { spellingHint, UsageError } from "@divgen/experiment";
import {
  createInceptionV3,
  createPixelFeatures,
  createTinyEfficientNet,
  type NetworkWeights,
} from "@divgen/feature-extractors";
import { WeightFileError } from "@divgen/weight-files";
import type { Command } from "commander";
import { optionalInteger } from "../evaluation/evaluation-settings.ts";
import type { FeatureOrigin, SampleSet } from "../samples/sample-set.ts";
import { extractorNetworkNames, filesOf, findExtractorNetwork, originalOf } from "../weights/known-networks.ts";
import { readWeights } from "../weights/read-weights.ts";

/** Flags that say how images become features. */
export interface ExtractorFlags {
  readonly extractor?: string;
  readonly layer?: string;
  readonly weights?: string;
  readonly engine?: string;
  readonly batchSize?: string;
  readonly skipUnreadable?: boolean;
}

/** Adds the flags of `ExtractorFlags` to a command. */
export function addExtractorOptions(command: Command): Command {
  return command
    .option(
      "--extractor <name>",
      "what describes images: tiny-efficientnet (embedded), pixels, pixels-SIZE, or a network with imported weights (default: tiny-efficientnet)",
    )
    .option("--layer <name>", "layer of the extractor (default: pooled)")
    .option("--weights <file>", "weights of the extractor instead of imported ones")
    .option("--engine <name>", `auto, ${engineNames.join(", ")}`)
    .option("--batch-size <number>", "images that go through the extractor at once", "32")
    .option("--skip-unreadable", "leave out images that cannot be decoded, instead of failing");
}

/** An extractor ready to run on the engine of this process. */
export interface ChosenExtractor {
  readonly extractor: FeatureExtractor;
  readonly layer: string;
  readonly origin: FeatureOrigin;
  /** Whether the weights are a well-known original, so that the well-known names of numbers are deserved. */
  readonly isOriginal: boolean;
  readonly engine: Engine;
  readonly batchSize: number;
  readonly skipUnreadable: boolean;
}

/**
 * The extractor that flags ask for.
 *
 * @throws UsageError for a name that is none or a layer that it lacks; DataError for weights that are missing or bad;
 *   EngineError where no engine works.
 */
export async function chooseExtractor(flags: ExtractorFlags): Promise<ChosenExtractor> {
  const name = flags.extractor ?? "tiny-efficientnet";
  const batchSize = optionalInteger("--batch-size", flags.batchSize, 1) ?? 32;
  assertExtractorName(name);
  const engineChoice = parseEngine(flags.engine);
  if (flags.weights !== undefined && builtIn(name) !== undefined) {
    throw new UsageError(`--weights: ${name} takes none; networks that do: ${extractorNetworkNames.join(", ")}`);
  }
  const weights = builtIn(name) === undefined ? await findWeights(name, flags.weights) : undefined;
  const engine = await selectEngine(engineChoice, { allowCpu: true });
  const extractor = weights === undefined ? builtIn(name)!() : createNetwork(name, weights.weights, flags.weights);
  const layer = flags.layer ?? (extractor.layers.includes("pooled") ? "pooled" : extractor.layers.at(-1)!);
  if (!extractor.layers.includes(layer)) {
    throw new UsageError(
      `--layer: ${name} has no layer "${layer}".${spellingHint(layer, extractor.layers)} All: ${extractor.layers.join(", ")}`,
    );
  }
  const { weightHash, resizeRule } = extractor;
  return {
    ...{ extractor, layer, engine, batchSize, isOriginal: weights?.isOriginal ?? false },
    origin: { extractor: extractor.name, weightHash, resizeRule, layer },
    skipUnreadable: flags.skipUnreadable ?? false,
  };
}

/**
 * Refuses an extractor that has nothing to describe: its name beside numbers of other features would mislead.
 *
 * @throws UsageError if one is named, no samples are images, and some features are not said to come from it.
 */
export function assertExtractorIsUsed({ extractor }: ExtractorFlags, samples: readonly SampleSet[]): void {
  if (extractor === undefined || samples.some(({ kind }) => kind === "images")) return;
  const other = samples.find((set) => set.kind !== "images" && set.origin?.extractor !== extractor);
  if (other !== undefined) {
    throw new UsageError(
      `--extractor: ${extractor} describes images, and ${other.path} holds ${other.kind} already; leave it out`,
    );
  }
}

/** Inception as torch-fidelity and the original graph feed it: the same network, another resize. */
const TENSORFLOW1 = "inception-v3-fid-tensorflow1";

/** Extractors without weights of the user. */
function builtIn(name: string): (() => FeatureExtractor) | undefined {
  if (name === "tiny-efficientnet") return createTinyEfficientNet;
  if (name === "pixels") return () => createPixelFeatures({ size: null });
  const size = /^pixels-([1-9]\d{0,4})$/.exec(name)?.[1];
  return size === undefined ? undefined : () => createPixelFeatures({ size: Number(size) });
}

function assertExtractorName(name: string): void {
  if (builtIn(name) !== undefined || name === TENSORFLOW1 || findExtractorNetwork(name) !== undefined) return;
  const names = ["tiny-efficientnet", "pixels", "pixels-64", ...extractorNetworkNames, TENSORFLOW1];
  throw new UsageError(
    `--extractor: there is no extractor "${name}".${spellingHint(name, names)} All: ${names.join(", ")}`,
  );
}

function networkOf(name: string): NonNullable<ReturnType<typeof findExtractorNetwork>> {
  return findExtractorNetwork(name === TENSORFLOW1 ? "inception-v3-fid" : name)!;
}

async function findWeights(
  name: string,
  file: string | undefined,
): Promise<{ readonly weights: NetworkWeights; readonly isOriginal: boolean }> {
  const network = networkOf(name);
  const weights = file === undefined ? (await loadStoredWeights(network.name))?.weights : await readWeights(file);
  if (weights === undefined) {
    throw new DataError(
      `there are no weights of ${network.name} here. Download ${filesOf(network)}, then: divgen weights import FILE --network ${network.name}`,
    );
  }
  return { weights, isOriginal: originalOf(network, weights.sha256) !== undefined };
}

function createNetwork(name: string, weights: NetworkWeights, file: string | undefined): FeatureExtractor {
  try {
    if (name === TENSORFLOW1) return createInceptionV3({ weights, variant: "fid", resize: "tensorflow1" });
    return networkOf(name).create(weights);
  } catch (error) {
    if (!(error instanceof WeightFileError)) throw error;
    throw new DataError(`${file ?? "imported weights"}: ${error.message}`, { cause: error });
  }
}

/** @throws UsageError for a name that is no engine's. */
export function parseEngine(name: string | undefined): EngineChoice | undefined {
  if (name === undefined) return undefined;
  try {
    return parseEngineChoice(name);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
