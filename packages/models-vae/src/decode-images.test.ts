import { randomKey } from "@divgen/random";
import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { fill, type Tensor2D, tidy, zeros } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { createConvolutionalVae, decodeImages } from "./index.ts";

useReferenceBackend();
leakCheck();

test.each([
  // sigmoid(1.2) = 0.76852..., times 2 less 1; a mean of 1.2 is beyond white.
  ["bernoulli" as const, 1.2, 2 / (1 + Math.exp(-1.2)) - 1],
  ["gaussian" as const, 0.3, -0.4],
  ["gaussian" as const, 1.2, 1],
])("%s: an output of %f is the grey %f", (likelihood, output, grey) => {
  const vae = createConvolutionalVae(randomKey(0), { size: 8, imageChannels: 1, latentSize: 2, variant: "tutorial" });
  // Weights of 0 leave the bias of the last layer.
  const names = [...vae.parameters.keys()].filter((name) => name.startsWith("decoder."));
  const last = names.filter((name) => name.endsWith("bias")).at(-1);
  for (const name of names) {
    const parameter = vae.parameters.get(name)!;
    tidy(() => parameter.assign(fill(parameter.shape, name === last ? output : 0)));
  }
  const latents = zeros([2, 2]) as Tensor2D;
  const images = decodeImages(vae, latents, likelihood);
  expect(images.shape).toEqual([2, 8, 8, 1]);
  expectClose(images, Array<number>(128).fill(grey), { absolute: 1e-6 });
  for (const tensor of [latents, images]) tensor.dispose();
  vae.dispose();
});
