import { asImageBatch, DataError, type ImageBatch, type Network } from "@divgen/core-tensors";
import { type GeneratorDescription, loadTrained, openRunDirectory, readGeneratorDescription } from "@divgen/experiment";
import { torchDefaultInitializer } from "@divgen/layers";
import { createDcganGenerator, type DcganGeneratorOptions } from "@divgen/models-dcgan";
import { createConvolutionalVae, decodeImages, type VaeOptions } from "@divgen/models-vae";
import { randomKey } from "@divgen/random";
import { slice, type Tensor2D, tidy } from "@tensorflow/tfjs-core";

/** A generator that needs latents alone. */
export interface LatentGenerator {
  readonly network: Network;
  /** @returns [batch, height, width, channels], owned by the caller. */
  generate(latents: Tensor2D): ImageBatch;
}

/** The generator of a run, with its newest weights. */
export interface OpenedGenerator {
  readonly latentSize: number;
  /** Step of the checkpoint. */
  readonly step: number;
  generate(latents: Tensor2D): ImageBatch;
  dispose(): void;
}

type Build = (options: GeneratorDescription["options"]) => LatentGenerator;

const builders: Readonly<Record<string, Build>> = {
  "convolutional-vae": ({ likelihood, ...options }) => {
    const network = createConvolutionalVae(randomKey(0), options as unknown as VaeOptions);
    const kind = likelihood === "gaussian" ? "gaussian" : "bernoulli";
    return { network, generate: (latents) => decodeImages(network, latents, kind) };
  },
  /** "crop": pixels of border to cut off on each side. */
  dcgan: ({ crop, ...options }) => {
    const initializer = torchDefaultInitializer;
    const network = createDcganGenerator(randomKey(0), {
      ...(options as unknown as DcganGeneratorOptions),
      initializer,
    });
    const border = typeof crop === "number" ? crop : 0;
    return {
      network,
      generate: (latents) =>
        tidy(() => {
          const images = network.generate(latents, {}, { mode: "inference" });
          const [, height, width, channels] = images.shape;
          const size: [number, number, number, number] = [-1, height - 2 * border, width - 2 * border, channels];
          return asImageBatch(slice(images, [0, border, border, 0], size));
        }),
    };
  },
};

/**
 * Builds the generator that a run describes and loads its newest weights.
 *
 * @throws DataError if the path is no run, or its generator cannot be built from latents alone, or has no checkpoint.
 */
export async function openGenerator(runPath: string): Promise<OpenedGenerator> {
  const { kind, network: name, latentSize, options } = await readGeneratorDescription(runPath);
  const build = builders[kind];
  if (build === undefined) {
    throw new DataError(
      `${runPath}: expected a generator of kind ${Object.keys(builders).join(" or ")}, got "${kind}"`,
    );
  }
  const { network, generate } = build(options);
  const directory = openRunDirectory(runPath);
  try {
    const step = await loadTrained(directory, { [name]: network });
    return { latentSize, step, generate, dispose: () => network.dispose() };
  } catch (error) {
    network.dispose();
    throw error;
  } finally {
    directory.close();
  }
}
