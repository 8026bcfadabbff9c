import type { TrainingConfig } from "./config.ts";

/** Accuracies of one extractor's features. */
export interface ExtractorAccuracy {
  readonly extractor: string;
  readonly layer: string;
  /** Share of test pictures classified right by 10 nearest neighbours. */
  readonly nearestNeighbors: number;
}

/** What `evaluate` measured. */
export interface Evaluation {
  /** Of the network's own classifier on all test pictures; absent until training has ended. */
  readonly testAccuracy: number;
  /** Pictures that neighbours were looked for among. */
  readonly references: number;
  /** Test pictures that were classified. */
  readonly queries: number;
  readonly extractors: readonly ExtractorAccuracy[];
}

const count = (value: number): string => value.toLocaleString("en");
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** The model card in Markdown. */
export function renderCard(
  config: Omit<TrainingConfig, "engine"> & { readonly engine: { readonly name: string; readonly description: string } },
  evaluation: Evaluation,
  file: { readonly sha256: string; readonly size: number; readonly parameters: number },
): string {
  const { epochs, batchSize, learningRate, weightDecay, labelSmoothing, mapClassWeight, mapColorWeight, seed } = config;
  const rows = evaluation.extractors.map(
    ({ extractor, layer, nearestNeighbors }) => `- ${extractor}, ${layer}: ${percent(nearestNeighbors)}`,
  );
  return `# tiny-efficientnet

EfficientNet-B0's blocks at reduced width and depth: 56 x 56 pixels to a 7 x 7 map of 320 channels, ${count(file.parameters)} parameters,
11 million multiplications an image. The embedded extractor of \`@divgen/feature-extractors\`.

- file: \`tiny-efficientnet.safetensors\`, float16, names of torchvision's EfficientNet, ${count(file.size)} bytes
- SHA-256: \`${file.sha256}\`
- data: the 50,000 training pictures of CIFAR-10 (Krizhevsky 2009) as JPEG files; mirrored and shifted by up to 4 pixels, colours untouched
- training: ${epochs} epochs, batches of ${batchSize}, Adam, one-cycle learning rate up to ${learningRate}, weight decay ${weightDecay}, label smoothing ${labelSmoothing}, seed ${seed}
- loss: classification by the pooled features, plus ${mapClassWeight} x classification and ${mapColorWeight} x colour statistics (mean and deviation of each channel), both read linearly off the 49 numbers of the spatial mean
- engine: ${config.engine.name}: ${config.engine.description}
- command: in \`apps/tiny-efficientnet\`: \`node dist/main.js --data FOLDER\`, then \`node dist/evaluate.js --data FOLDER\` and \`node dist/publish.js\`
- test accuracy: ${percent(evaluation.testAccuracy)} of the 10,000 test pictures, by its own classifier

10 nearest neighbours by cosine similarity, ${count(evaluation.queries)} test pictures among
${count(evaluation.references)} training pictures, the same for all:

${rows.join("\n")}

SqueezeNet 1.1 and MobileNet V1 are ImageNet networks that see the pictures enlarged to their input size; this one was
trained on the same kind of pictures, with their classes. The comparison says that its features are meaningful, not that
it is the better network.

Use: clusters of images, the cluster losses of the facades example, diversity measures of a first run. Not for: FID,
LPIPS or Inception score, whose names belong to other networks.
`;
}
