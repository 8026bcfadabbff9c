import type { ImageBatch, Network, Trunk } from "@divgen/core-tensors";
import { InterruptedError } from "@divgen/experiment";
import { createTrunkHeads, torchDefaultInitializer } from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import {
  type BatchSource,
  createAdam,
  createAutoencoderObjective,
  createRotationObjective,
  type FixedFeatures,
  type Objective,
  type Optimizer,
  QUARTER_TURNS,
  type SampleBatch,
  train,
} from "@divgen/training";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Config } from "./config.ts";
import type { RunHooks } from "./hooks.ts";
import type { Task } from "./task.ts";

/** Features that are clustered in place of the discriminator's; disposing them frees their networks. */
export type OwnedFeatures<Sample extends Tensor> = FixedFeatures<Sample> & Pick<Network, "dispose">;

/** What a network that makes features is trained by. */
interface Pretraining<Sample extends Tensor> {
  readonly objective: Objective<SampleBatch<Sample>>;
  /** Frees what nobody needs after it. */
  dispose(): void;
}

/** The features of logo-ae, logo-rc and rotnet. Networks are trained before the first clustering. */
export function createFixedFeatures<Sample extends Tensor>(
  key: RandomKey,
  task: Task<Sample>,
  config: Config,
  hooks: RunHooks,
): OwnedFeatures<Sample> {
  const { method, model } = config;
  if (method === "logo-rc") {
    return { networks: {}, compute: (samples) => task.classifierFeatures(samples), dispose: () => undefined };
  }
  const pretrain = (create: (optimizer: Optimizer) => Pretraining<Sample>) => async () =>
    pretrainFeatures(create, task.createBatches(key.split("batches")), key.split("training"), config, hooks);
  const initializer = torchDefaultInitializer;
  const trunk = task.createTrunk(key.split("trunk"));
  if (method === "logo-ae") {
    const encoder = createTrunkHeads(key.split("heads"), trunk, { heads: { latents: model.latentSize }, initializer });
    return {
      networks: { "feature-encoder": encoder },
      compute: (samples) => encoder.read(samples, { mode: "inference" }).outputs.latents,
      prepare: pretrain((optimizer) => {
        const decoder = task.createGenerator(key.split("decoder"), 0);
        const objective = createAutoencoderObjective({ encoder, decoder, optimizer });
        return { objective, dispose: () => decoder.dispose() };
      }),
      dispose: () => encoder.dispose(),
    };
  }
  // The configuration lets only images come here.
  const images = trunk as unknown as Trunk<ImageBatch>;
  const classifier = createTrunkHeads(key.split("heads"), images, { heads: { rotation: QUARTER_TURNS }, initializer });
  return {
    networks: { "feature-rotation": classifier },
    compute: (samples) => task.selectFeatures(classifier.read(samples as Tensor as ImageBatch, { mode: "inference" })),
    prepare: pretrain((optimizer) => {
      const objective = createRotationObjective({ classifier, optimizer });
      return { objective: objective as unknown as Objective<SampleBatch<Sample>>, dispose: () => undefined };
    }),
    dispose: () => classifier.dispose(),
  };
}

/** @throws InterruptedError if the run's signal comes before the end. */
async function pretrainFeatures<Sample extends Tensor>(
  create: (optimizer: Optimizer) => Pretraining<Sample>,
  batches: BatchSource<SampleBatch<Sample>>,
  key: RandomKey,
  { pretraining }: Config,
  { onPretraining, signal }: RunHooks,
): Promise<void> {
  const { steps, ...adam } = pretraining!;
  const { objective, dispose } = create(createAdam(adam));
  try {
    const options = { steps, reportEvery: Math.ceil(steps / 20), key, clock: () => performance.now(), signal };
    for await (const event of train(objective, batches, options)) {
      if (event.kind === "progress") onPretraining?.(event);
      if (event.kind === "interrupted") {
        throw new InterruptedError(
          0,
          "interrupted before the first step, while features were trained; they begin anew",
        );
      }
    }
  } finally {
    objective.dispose();
    dispose();
  }
}
