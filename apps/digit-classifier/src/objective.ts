import { softmaxCrossEntropyLoss } from "@divgen/losses";
import { computeGradients, createAdam, type Objective, oneCycleFactor } from "@divgen/training";
import { dispose } from "@tensorflow/tfjs-core";
import type { Config } from "./config.ts";
import type { DigitBatch } from "./digit-batches.ts";
import type { DigitNetwork } from "./network.ts";

/** Classification with label smoothing, by Adam with a one-cycle learning rate. */
export function createObjective(
  network: DigitNetwork,
  { learningRate, labelSmoothing: smoothing }: Config,
  steps: number,
): Objective<DigitBatch> {
  const optimizer = createAdam({ learningRate, firstMomentDecay: 0.9, secondMomentDecay: 0.99 });
  return {
    state: { networks: { network }, optimizers: { optimizer }, extras: {} },
    step: ({ images, labels }, { step }) => {
      optimizer.learningRate = learningRate * oneCycleFactor(step, steps);
      const { gradients, report } = computeGradients(network, () => {
        const logits = network.classify(images, { mode: "training" });
        const total = softmaxCrossEntropyLoss(logits, labels, { smoothing });
        return { total, report: { classification: total } };
      });
      optimizer.applyGradients(network.parameters, gradients);
      dispose([...gradients.values()]);
      return report;
    },
    dispose: () => optimizer.dispose(),
  };
}
