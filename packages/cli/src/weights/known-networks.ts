import type { FeatureExtractor } from "@divgen/core-tensors";
import {
  createAlexNet,
  createEfficientNetB0,
  createInceptionV3,
  createMobileNetV1,
  createSqueezeNet,
  createVgg,
  type NetworkWeights,
  WeightMismatchError,
} from "@divgen/feature-extractors";

/** A published file of weights. Authors of PyTorch files put the first digits of the SHA-256 into the name. */
export interface OriginalFile {
  readonly file: string;
  /** First digits of its SHA-256, or all 64. */
  readonly sha256: string;
}

/** A network whose weights can be imported. */
export interface KnownNetwork {
  readonly name: string;
  /** Well-known files of its weights. */
  readonly originals: readonly OriginalFile[];
  /**
   * Builds what the weights are for, so that they are checked by name and shape.
   *
   * @throws WeightMismatchError listing what is missing, unexpected and misshapen.
   */
  check(weights: NetworkWeights): void;
}

/** The files that a network takes, for messages. */
export function filesOf({ name, originals }: KnownNetwork): string {
  // Keras publishes no name with a hash: users convert, or save, the model themselves.
  if (originals.length === 0) return `model.json of TensorFlow.js with Keras's names (${name})`;
  return originals.map(({ file }) => file).join(" or ");
}

/** A network that is an extractor by itself. */
interface ExtractorNetwork extends KnownNetwork {
  create(weights: NetworkWeights): FeatureExtractor;
}

const extractorNetwork = (
  name: string,
  originals: readonly OriginalFile[],
  create: (weights: NetworkWeights) => FeatureExtractor,
): ExtractorNetwork => ({ name, originals, create, check: (weights) => create(weights).dispose() });

/** torchvision's and timm's names of the stem tell their files apart. */
const efficientNet = (weights: NetworkWeights): FeatureExtractor =>
  createEfficientNetB0({ weights, source: weights.tensors.has("conv_stem.weight") ? "timm" : "torchvision" });

const extractorNetworks: readonly ExtractorNetwork[] = [
  extractorNetwork(
    "efficientnet-b0",
    [
      { file: "efficientnet_b0_rwightman-7f5810bc.pth", sha256: "7f5810bc" },
      { file: "efficientnet_b0_rwightman-3dd342df.pth", sha256: "3dd342df" },
    ],
    efficientNet,
  ),
  extractorNetwork(
    "inception-v3-fid",
    [
      { file: "pt_inception-2015-12-05-6726825d.pth", sha256: "6726825d" },
      { file: "weights-inception-2015-12-05-6726825d.pth", sha256: "6726825d" },
    ],
    (weights) => createInceptionV3({ weights, variant: "fid", resize: "half-pixel" }),
  ),
  extractorNetwork(
    "inception-v3-torchvision",
    [{ file: "inception_v3_google-0cc3c7bd.pth", sha256: "0cc3c7bd" }],
    (weights) => createInceptionV3({ weights, variant: "torchvision", resize: "half-pixel" }),
  ),
  extractorNetwork("vgg16", [{ file: "vgg16-397923af.pth", sha256: "397923af" }], (weights) =>
    createVgg({ weights, depth: 16 }),
  ),
  extractorNetwork("vgg19", [{ file: "vgg19-dcbb9e9d.pth", sha256: "dcbb9e9d" }], (weights) =>
    createVgg({ weights, depth: 19 }),
  ),
  extractorNetwork("alexnet", [{ file: "alexnet-owt-7be5be79.pth", sha256: "7be5be79" }], (weights) =>
    createAlexNet({ weights }),
  ),
  extractorNetwork("squeezenet-1.1", [{ file: "squeezenet1_1-b8a52dc0.pth", sha256: "b8a52dc0" }], (weights) =>
    createSqueezeNet({ weights }),
  ),
  extractorNetwork("mobilenet-v1", [], (weights) => createMobileNetV1({ weights })),
];

const headNetwork = (trunk: string, channels: readonly number[], original: OriginalFile): KnownNetwork => ({
  name: `lpips-${trunk}-heads`,
  originals: [original],
  check: (weights) => checkHeads(`the heads of LPIPS ${trunk}`, channels, weights),
});

/** All networks, extractors first. */
export const knownNetworks: readonly KnownNetwork[] = [
  ...extractorNetworks,
  headNetwork("alex", [64, 192, 384, 256, 256], {
    file: "alex.pth",
    sha256: "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0",
  }),
  headNetwork("vgg", [64, 128, 256, 512, 512], {
    file: "vgg.pth",
    sha256: "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868",
  }),
  headNetwork("squeeze", [64, 128, 256, 384, 384, 512, 512], {
    file: "squeeze.pth",
    sha256: "4a5350f23600cb79923ce65bb07cbf57dca461329894153e05a1346bd531cf76",
  }),
];

/** The network of an extractor's name, if it needs weights. */
export function findExtractorNetwork(name: string): ExtractorNetwork | undefined {
  return extractorNetworks.find((network) => network.name === name);
}

/** Names of the extractors that need weights. */
export const extractorNetworkNames: readonly string[] = extractorNetworks.map(({ name }) => name);

/** The well-known file that a SHA-256 belongs to, if any. */
export function originalOf({ originals }: KnownNetwork, sha256: string): OriginalFile | undefined {
  return originals.find((original) => sha256.startsWith(original.sha256));
}

function checkHeads(name: string, channels: readonly number[], { tensors }: NetworkWeights): void {
  const expected = new Map(channels.map((count, layer) => [`lin${layer}.model.1.weight`, [1, count, 1, 1]]));
  const missing = [...expected.keys()].filter((head) => !tensors.has(head));
  const unexpected = [...tensors.keys()].filter((head) => !expected.has(head));
  const misshapen = [...expected].flatMap(([head, shape]) => {
    const found = tensors.get(head)?.shape;
    if (found === undefined || String(found) === String(shape)) return [];
    return [`${head} (expected [${shape.join(", ")}], got [${found.join(", ")}])`];
  });
  if (missing.length + unexpected.length + misshapen.length > 0) {
    throw new WeightMismatchError(name, missing, unexpected, misshapen);
  }
}
