import type { Network } from "@divgen/core-tensors";
import { randomKey } from "@divgen/random";
import {
  type BatchSource,
  computeGradients,
  createAdam,
  type ExtraState,
  type Objective,
  type Optimizer,
} from "@divgen/training";
import {
  add,
  mean,
  mul,
  type Scalar,
  square,
  sub,
  type Tensor2D,
  tensor2d,
  tidy,
  type Variable,
  variable,
} from "@tensorflow/tfjs-core";

/** A small objective with all that a checkpoint can hold: parameters, a buffer, Adam's slots, float64 and int32 extras. */
export interface Fixture {
  readonly objective: Objective<Tensor2D>;
  readonly network: Network;
  readonly optimizer: Optimizer;
  /** All state as plain numbers, for comparison. */
  values(): Record<string, number[]>;
  dispose(): void;
}

/** @param rows - 2 fits the batches; anything else is a model of another shape. */
export function createFixture(rows = 2): Fixture {
  const weight = tidy(() => variable(tensor2d(ramp(rows * 3, 0.1), [rows, 3])));
  const scale = tidy(() => variable(tensor2d(ramp(3, 1), [1, 3])));
  const seen = tidy(() => variable(tensor2d(ramp(3, 0), [1, 3]), false));
  const network: Network = {
    parameters: new Map<string, Variable>([
      ["layer.weight", weight],
      ["layer.scale", scale],
    ]),
    buffers: new Map<string, Variable>([["layer.seen", seen]]),
    dispose: () => {
      for (const owned of [weight, scale, seen]) owned.dispose();
    },
  };
  const optimizer = createAdam({ learningRate: 0.05, firstMomentDecay: 0.5, secondMomentDecay: 0.999 });
  let centers = new Float64Array([Math.PI, Math.E]);
  const clusters: ExtraState = {
    capture: async () => ({
      centers: { shape: [2], values: centers.slice() },
      counts: { shape: [], values: Int32Array.of(-7) },
    }),
    restore: (saved) => {
      centers = Float64Array.from(saved["centers"]!.values);
    },
  };

  const objective: Objective<Tensor2D> = {
    state: { networks: { generator: network }, optimizers: { generator: optimizer }, extras: { clusters } },
    step: (batch, { key }) => {
      const noise = key.words[0] / 2 ** 32;
      centers = centers.map((center) => center / 3 + noise);
      tidy(() => seen.assign(add(mul(seen, 0.9), noise)));
      const { gradients, report } = computeGradients(network, () => {
        const total = mean(square(sub(mul(weight, scale), add(batch, noise)))) as Scalar;
        return { total, report: { "generator/fit": total } };
      });
      optimizer.applyGradients(network.parameters, gradients);
      for (const gradient of gradients.values()) gradient.dispose();
      return report;
    },
    dispose: () => optimizer.dispose(),
  };
  return {
    objective,
    network,
    optimizer,
    values: () => ({
      ...Object.fromEntries(
        [...network.parameters, ...network.buffers, ...optimizer.slots].map(([name, v]) => [name, [...v.dataSync()]]),
      ),
      centers: [...centers],
      updates: [optimizer.updates],
    }),
    dispose: () => {
      objective.dispose();
      network.dispose();
    },
  };
}

export const batches: BatchSource<Tensor2D> = {
  stepsPerEpoch: 4,
  load: async (step) => tensor2d(ramp(6, Math.sin(step)), [2, 3]),
};

export const trainingOptions = {
  reportEvery: 2,
  key: randomKey(3).split("training"),
  clock: (): number => performance.now(),
} as const;

function ramp(count: number, start: number): number[] {
  return Array.from({ length: count }, (_, index) => start + index / 7);
}
