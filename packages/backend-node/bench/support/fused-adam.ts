import { fusedKernels, runFusedKernel } from "@divgen/core-tensors";
import { dispose, tidy, type Variable, variable, zerosLike } from "@tensorflow/tfjs-core";
import type { ApplyGradients } from "./pix2pix-step.ts";

/** Adam by the engine's fused kernel, with slots by network. */
export interface FusedAdam {
  readonly apply: ApplyGradients;
  dispose(): void;
}

interface Slots {
  readonly first: readonly Variable[];
  readonly second: readonly Variable[];
  updates: number;
}

export function createFusedAdam(): FusedAdam {
  const slots = new Map<string, Slots>();
  const zeros = (variables: readonly Variable[]): Variable[] =>
    variables.map((like) => tidy(() => variable(zerosLike(like), false)));
  return {
    apply: (network, parameters, gradients) => {
      let own = slots.get(network);
      if (own === undefined) {
        own = { first: zeros(parameters), second: zeros(parameters), updates: 0 };
        slots.set(network, own);
      }
      own.updates++;
      const { first: firstMoments, second: secondMoments, updates } = own;
      const choices = { learningRate: 2e-4, firstMomentDecay: 0.5, secondMomentDecay: 0.999, epsilon: 1e-8 };
      const attributes = { parameters, gradients, firstMoments, secondMoments, updates, ...choices };
      runFusedKernel(fusedKernels.adam, {}, attributes);
    },
    dispose: () => {
      for (const { first, second } of slots.values()) dispose([...first, ...second]);
    },
  };
}
