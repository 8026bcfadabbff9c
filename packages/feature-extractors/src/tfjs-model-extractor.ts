import type { FeatureExtractor } from "@divgen/core-tensors";
import { sha256, tfjsShardPaths } from "@divgen/weight-files";
import { type GraphModel, loadGraphModel } from "@tensorflow/tfjs-converter";
import { io, type Tensor, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import {
  model as createLayersModel,
  type LayersModel,
  loadLayersModel,
  type SymbolicTensor,
} from "@tensorflow/tfjs-layers";
import { type ImageNormalization, normalizeImages, resizeRuleOf } from "./image-normalization.ts";
import { assertKnownLayers, meanOverChannels, meanOverPositions } from "./step-extractor.ts";

/** A TensorFlow.js model that has been read already: this package touches no files. */
export interface TfjsModelFiles {
  /** The parsed `model.json`. */
  readonly modelJson: unknown;
  /** The shards that it names, by path (`tfjsShardPaths` of `@divgen/weight-files` lists them). */
  readonly shards: ReadonlyMap<string, Uint8Array>;
}

/** A place in a model, and what is made of its value. */
export interface ModelTap {
  /** Name of a layer (layers model) or of an operation (graph model). */
  readonly node: string;
  /** What is returned: the value itself, or its mean over positions or over channels. @defaultValue "value" */
  readonly reduce?: "value" | "mean-over-positions" | "mean-over-channels";
}

/** How a TensorFlow.js model becomes a feature extractor. */
export interface TfjsExtractorOptions {
  /** For provenance, such as "mobilenet-v1". */
  readonly name: string;
  /** The files, or the address of a `model.json` to fetch. */
  readonly model: TfjsModelFiles | string;
  readonly normalization: ImageNormalization;
  /** By the names that `extract` accepts, from shallow to deep. */
  readonly layers: Readonly<Record<string, ModelTap>>;
  /** Whether shards may be absent; the layers asked for must not need them. @defaultValue false */
  readonly allowMissingShards?: boolean;
}

/**
 * Any TensorFlow.js graph model or layers model as a feature extractor with named taps.
 *
 * The weight hash is the SHA-256 of all shards in order. Gradients flow to the images wherever tfjs has gradients of the model's operations.
 *
 * @returns owned by the caller.
 * @throws RangeError naming a tap that the model lacks, or missing shards.
 */
export async function loadTfjsExtractor(options: TfjsExtractorOptions): Promise<FeatureExtractor> {
  const { name, normalization, layers: taps } = options;
  const layers = Object.keys(taps);
  const artifacts = await readArtifacts(options);
  const weightHash = hashOf(artifacts);
  const loaded = await loadModel(artifacts, options);
  return {
    name,
    weightHash,
    resizeRule: resizeRuleOf(normalization),
    layers,
    extract: (images, wanted) => {
      assertKnownLayers(wanted, layers, name);
      return tidy(() => {
        // Each node once: a layers model cannot have one output twice.
        const nodes = [...new Set(wanted.map((layer) => taps[layer]!.node))];
        const values = loaded.run(normalizeImages(images, normalization), nodes);
        return wanted.map((layer) => reduced(values[nodes.indexOf(taps[layer]!.node)]!, taps[layer]!));
      });
    },
    dispose: () => loaded.dispose(),
  };
}

/** Either kind of model behind one form. */
interface LoadedModel {
  run(input: Tensor4D, nodes: readonly string[]): Tensor[];
  dispose(): void;
}

async function loadModel(artifacts: io.ModelArtifacts, options: TfjsExtractorOptions): Promise<LoadedModel> {
  const handler: io.IOHandler = { load: async () => artifacts };
  const topology = artifacts.modelTopology as { node?: readonly { readonly name: string }[] };
  if (topology.node !== undefined) {
    assertTaps(
      options,
      topology.node.map(({ name }) => name),
    );
    return graphModel(await loadGraphModel(handler));
  }
  const trained = await loadLayersModel(handler, { strict: options.allowMissingShards !== true });
  try {
    assertTaps(
      options,
      trained.layers.map(({ name }) => name),
    );
  } catch (error) {
    trained.dispose();
    throw error;
  }
  return layersModel(trained);
}

function graphModel(graph: GraphModel): LoadedModel {
  const input = graph.inputs[0]!.name;
  return {
    run: (images, nodes) => {
      const values = graph.execute({ [input]: images }, [...nodes]);
      return Array.isArray(values) ? values : [values];
    },
    dispose: () => graph.dispose(),
  };
}

function layersModel(trained: LayersModel): LoadedModel {
  return {
    run: (images, nodes) => {
      const outputs = nodes.map((node) => trained.getLayer(node).output as SymbolicTensor);
      const values = createLayersModel({ inputs: trained.inputs, outputs }).apply(images) as Tensor | Tensor[];
      return Array.isArray(values) ? values : [values];
    },
    dispose: () => trained.dispose(),
  };
}

function reduced(value: Tensor, { reduce = "value" }: ModelTap): Tensor {
  if (reduce === "value") return value.clone();
  const map = value as Tensor4D;
  return reduce === "mean-over-positions" ? meanOverPositions(map) : meanOverChannels(map);
}

function assertTaps({ name, layers }: TfjsExtractorOptions, known: readonly string[]): void {
  const unknown = Object.values(layers).find(({ node }) => !known.includes(node));
  if (unknown !== undefined) {
    throw new RangeError(`taps of ${name}: the model has no layer or operation "${unknown.node}"`);
  }
}

interface ManifestGroup {
  readonly paths: readonly string[];
  readonly weights: io.WeightsManifestEntry[];
}

/** Topology and weights of a model, from the files or fetched from its address. */
async function readArtifacts({ model, allowMissingShards = false }: TfjsExtractorOptions): Promise<io.ModelArtifacts> {
  if (typeof model === "string") return io.browserHTTPRequest(model).load!();
  const { modelJson, shards } = model;
  const missing = tfjsShardPaths(modelJson).filter((path) => !shards.has(path));
  if (missing.length > 0 && !allowMissingShards) {
    throw new RangeError(`shards: expected ${missing.join(", ")}, which are missing`);
  }
  const json = modelJson as { modelTopology: object; format?: string; weightsManifest: ManifestGroup[] };
  const groups = json.weightsManifest.filter(({ paths }) => paths.every((path) => shards.has(path)));
  return {
    modelTopology: json.modelTopology,
    weightSpecs: groups.flatMap(({ weights }) => weights),
    weightData: joined(groups.flatMap(({ paths }) => paths.map((path) => shards.get(path)!))),
    ...(json.format === undefined ? {} : { format: json.format }),
  };
}

/** SHA-256 of all weights in order. */
function hashOf({ weightData }: io.ModelArtifacts): string {
  const parts = weightData === undefined ? [] : Array.isArray(weightData) ? weightData : [weightData];
  return sha256(new Uint8Array(joined(parts.map((part) => new Uint8Array(part)))));
}

function joined(parts: readonly Uint8Array[]): ArrayBuffer {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes.buffer;
}
