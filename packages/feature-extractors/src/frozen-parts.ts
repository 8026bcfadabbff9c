import { averagePool, maxPool } from "@divgen/layers";
import { concat, relu, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { createFrozenConvolution, type FrozenConvolutionOptions } from "./frozen-convolution.ts";
import type { FrozenPart, NamedStep } from "./step-extractor.ts";
import type { WeightLookup } from "./weight-lookup.ts";

/** A function of maps as a part without weights. */
export function functionPart(forward: (input: Tensor4D) => Tensor4D): FrozenPart {
  return { forward: (input) => tidy(() => forward(input)), dispose: () => undefined };
}

/** Convolution, folded normalisation if there is one, and ReLU. */
export function rectifiedConvolution(lookup: WeightLookup, options: FrozenConvolutionOptions): FrozenPart {
  const convolution = createFrozenConvolution(lookup, options);
  return { forward: (input) => tidy(() => relu(convolution.apply(input))), dispose: convolution.dispose };
}

/** Greatest values of windows of 3 with stride 2, unless said otherwise. */
export function maxPoolPart(options: Parameters<typeof maxPool>[1]): FrozenPart {
  return functionPart((input) => maxPool(input, options));
}

/** Means of windows. */
export function averagePoolPart(options: Parameters<typeof averagePool>[1]): FrozenPart {
  return functionPart((input) => averagePool(input, options));
}

/** Parts one after the other. */
export function sequence(...parts: readonly FrozenPart[]): FrozenPart {
  return {
    forward: (input) => tidy(() => parts.reduce((value, part) => part.forward(value), input)),
    dispose: () => {
      for (const part of parts) part.dispose();
    },
  };
}

/** Parts side by side on one input, their results joined along the channels in this order. */
export function branches(...parts: readonly FrozenPart[]): FrozenPart {
  return {
    forward: (input) =>
      tidy(() =>
        concat(
          parts.map((part) => part.forward(input)),
          3,
        ),
      ),
    dispose: () => {
      for (const part of parts) part.dispose();
    },
  };
}

/** A part under a name that may be asked for; without a name it is only run. */
export function step(name: string, part: FrozenPart): NamedStep {
  return { name, forward: part.forward, dispose: part.dispose };
}

/**
 * Builds the steps of a network, and frees those that were built when the weights turn out not to fit.
 *
 * @param build - adds steps one by one; ends with `lookup.finish`.
 */
export function buildSteps(build: (add: (name: string, part: FrozenPart) => void) => void): NamedStep[] {
  const steps: NamedStep[] = [];
  try {
    build((name, part) => steps.push(step(name, part)));
  } catch (error) {
    for (const built of steps) built.dispose();
    throw error;
  }
  return steps;
}
