import { assertShape, type FeatureExtractor } from "@divgen/core-tensors";
import { mean, reshape, type Tensor, type Tensor4D, tidy } from "@tensorflow/tfjs-core";

/** A part of a frozen network. */
export interface FrozenPart {
  /** @returns owned by the caller; `input` is borrowed. */
  forward(input: Tensor4D): Tensor4D;
  dispose(): void;
}

/** A step of a network; its value may be asked for under its name, unless that is empty. */
export interface NamedStep extends FrozenPart {
  readonly name: string;
}

/** A layer computed from a map of the network. */
export interface DerivedLayer {
  /** Name of the step whose value it is computed from. */
  readonly from: string;
  compute(map: Tensor4D): Tensor;
}

/** What makes a chain of steps a feature extractor. */
export interface StepExtractorOptions {
  readonly name: string;
  readonly weightHash: string;
  readonly resizeRule: string;
  /** Channels of the images. @defaultValue 3 */
  readonly channels?: number;
  /** Brings images in [-1, 1] to what the first step reads. Runs inside a tidy. */
  preprocess(images: Tensor4D): Tensor4D;
  /** Taken over: disposing the extractor disposes them. */
  readonly steps: readonly NamedStep[];
  readonly derived: Readonly<Record<string, DerivedLayer>>;
}

/**
 * A feature extractor that runs steps in order, as far as the deepest layer that is asked for.
 *
 * @returns owned by the caller.
 */
export function createStepExtractor(options: StepExtractorOptions): FeatureExtractor {
  const { name, weightHash, resizeRule, channels = 3, preprocess, steps, derived } = options;
  const maps = steps.map((step) => step.name).filter((stepName) => stepName !== "");
  const layers = [...maps, ...Object.keys(derived)];
  return {
    name,
    weightHash,
    resizeRule,
    layers,
    extract: (images, wanted) => {
      assertShape(images, ["batch", "height", "width", channels], "images");
      assertKnownLayers(wanted, layers, name);
      return tidy(() => {
        const values = new Map<string, Tensor4D>();
        const deepest = Math.max(...wanted.map((layer) => maps.indexOf(derived[layer]?.from ?? layer)));
        let value = preprocess(images);
        for (const step of steps) {
          if (values.size > deepest) break;
          value = step.forward(value);
          if (step.name !== "") values.set(step.name, value);
        }
        return wanted.map((layer): Tensor => {
          const rule = derived[layer];
          return rule === undefined ? values.get(layer)!.clone() : rule.compute(values.get(rule.from)!);
        });
      });
    },
    dispose: () => {
      for (const step of steps) step.dispose();
    },
  };
}

/** Mean over the positions of a map: [batch, channels]. */
export function meanOverPositions(map: Tensor4D): Tensor {
  return mean(map, [1, 2]);
}

/** Mean over the channels of a map, row by row: [batch, height * width]. */
export function meanOverChannels(map: Tensor4D): Tensor {
  const [batch, height, width] = map.shape;
  return tidy(() => reshape(mean(map, 3), [batch, height * width]));
}

/**
 * Checks the layers asked of an extractor.
 *
 * @throws RangeError naming the first unknown layer and the known ones, or saying that none was asked for.
 */
export function assertKnownLayers(wanted: readonly string[], known: readonly string[], extractor: string): void {
  const unknown = wanted.find((layer) => !known.includes(layer));
  if (unknown !== undefined || wanted.length === 0) {
    const received = unknown === undefined ? "none" : `"${unknown}"`;
    throw new RangeError(`layers of ${extractor}: expected some of ${known.join(", ")}, got ${received}`);
  }
}
