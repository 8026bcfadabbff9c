import { createConvolutionalVae } from "@divgen/models-vae";
import { randomKey } from "@divgen/random";
import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { dispose, norm, type Tensor4D, tensor, tidy, zeros } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { createAdam } from "./adam.ts";
import { createElboObjective, type ElboOptions, negativeElbo } from "./elbo-objective.ts";
import golden from "./golden/elbo.json" with { type: "json" };

useReferenceBackend();
leakCheck();

/** scale * sin(0.7 index + phase): the numbers of tools/golden/elbo.py. */
function waveValues(size: number, phase: number, scale: number): Float32Array {
  return Float32Array.from({ length: size }, (_, index) => scale * Math.sin(0.7 * index + phase));
}
const createVae = () =>
  createConvolutionalVae(randomKey(0), { size: 12, imageChannels: 1, latentSize: 2, variant: "tutorial" });

describe.each(golden.cases)(
  "$likelihood likelihood, $divergence divergence",
  ({ likelihood, divergence, ...torch }) => {
    test("three steps of Adam equal PyTorch's", async () => {
      const network = createVae();
      for (const [index, name] of torch.names.entries()) {
        const parameter = network.parameters.get(name)!;
        const values = waveValues(parameter.size, index, name.endsWith("bias") ? 0.1 : 0.2);
        tidy(() => parameter.assign(tensor(values, parameter.shape, "float32")));
      }
      const elbo = {
        likelihood: likelihood === "gaussian" ? { kind: "gaussian", standardDeviation: 0.5 } : { kind: "bernoulli" },
        divergence,
      } as ElboOptions;
      const optimizer = createAdam({ learningRate: 0.01, firstMomentDecay: 0.9, secondMomentDecay: 0.999 });
      const objective = createElboObjective({ network, optimizer, ...elbo });
      const pixels = tensor(
        waveValues(3 * 144, 0.2, 0.5).map((value) => 0.5 + value),
        [3, 12, 12, 1],
      ) as Tensor4D;
      for (const [step, expected] of torch.reports.entries()) {
        const report = await objective.step({ pixels }, { step, epoch: 0, key: randomKey(9).fold(step) });
        expect(Object.keys(report).sort()).toEqual(Object.keys(expected).sort());
        for (const [name, value] of Object.entries(expected)) {
          expectClose(report[name]!, [value], { relative: 2e-5, absolute: 2e-5 });
        }
        dispose({ ...report });
      }
      for (const [name, expected] of Object.entries(torch.norms)) {
        const found = tidy(() => norm(network.parameters.get(name)!));
        expectClose(found, [expected], { relative: 1e-4, absolute: 1e-6 });
        found.dispose();
      }
      pixels.dispose();
      objective.dispose();
      network.dispose();
    });
  },
);

test("a deviation that is none is refused", () => {
  const network = createVae();
  const pixels = zeros([1, 12, 12, 1]) as Tensor4D;
  const likelihood = { kind: "gaussian", standardDeviation: 0 } as const;
  const bound = () => negativeElbo(network, pixels, randomKey(0), { likelihood, divergence: "analytic" }, "inference");
  expect(bound).toThrow("standardDeviation: expected a number > 0, got 0");
  pixels.dispose();
  network.dispose();
});
