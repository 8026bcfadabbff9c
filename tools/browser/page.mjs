/**
 * Runs in a page: the parity cases of backend-node and a training step of this project's models on the engines of the
 * browser, beside tfjs's cpu engine in the same page. Sends what it found to the server that it came from.
 */
import "@divgen/core-tensors";
import { asImageBatch, drawLatents } from "@divgen/core-tensors";
import { torchDefaultInitializer } from "@divgen/layers";
import { nonSaturatingLoss } from "@divgen/losses";
import { createDcganGenerator, createShallowDiscriminator } from "@divgen/models-dcgan";
import { randomKey, uniform } from "@divgen/random";
import { computeGradients, createAdam } from "@divgen/training";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-webgl";
import "@tensorflow/tfjs-backend-webgpu";
import { dispose, engine, getBackend, memory, ready, setBackend, tensor, tidy } from "@tensorflow/tfjs-core";
import { compareEngine, observedErrors } from "../../packages/backend-node/test/support/engine-parity.ts";
import "../../packages/backend-node/src/wasm/convolution.test.ts";
import "../../packages/backend-node/src/wasm/elementwise.test.ts";
import "../../packages/backend-node/src/wasm/image-operations.test.ts";
import "../../packages/backend-node/src/wasm/products.test.ts";
import "../../packages/backend-node/src/wasm/rearranging.test.ts";
import { collected, prepare } from "./collected-tests.mjs";
import { models } from "./models.mjs";

const training = { mode: "training" };

/** Two updates of a small DCGAN; its losses and every parameter afterwards. */
async function trainTwoSteps(backend) {
  if (!(await setBackend(backend))) throw new Error(`no ${backend}`);
  await ready();
  const key = randomKey(1);
  const shared = { size: 16, imageChannels: 3, baseChannels: 8, classCount: 0, initializer: torchDefaultInitializer };
  const generator = createDcganGenerator(key, { ...shared, latentSize: 16, embeddingSize: 0 });
  const discriminator = createShallowDiscriminator(key, { ...shared, packSize: 1 });
  const optimizers = [generator, discriminator].map(() =>
    createAdam({ learningRate: 1e-3, firstMomentDecay: 0.5, secondMomentDecay: 0.999 }),
  );
  const pixels = uniform(key.split("real"), 4 * 16 * 16 * 3).map((value) => 2 * value - 1);
  const real = asImageBatch(tensor(pixels, [4, 16, 16, 3]));
  const latents = drawLatents(key, 4, 16);
  const judge = (images) => discriminator.judge(images, {}, training).logits;
  const update = (network, optimizer, compute) => {
    const { gradients, report } = computeGradients(network, () => {
      const total = compute();
      return { total, report: { total } };
    });
    optimizer.applyGradients(network.parameters, gradients);
    dispose([...gradients.values()]);
    return report.total;
  };
  const results = new Map();
  const counts = [];
  for (let step = 0; step < 2; step++) {
    const losses = tidy(() => {
      const fake = generator.generate(latents, {}, training);
      return [
        update(discriminator, optimizers[1], () => nonSaturatingLoss.discriminator(judge(real), judge(fake))),
        update(generator, optimizers[0], () =>
          nonSaturatingLoss.generator(judge(generator.generate(latents, {}, training))),
        ),
      ];
    });
    for (const [index, loss] of losses.entries()) results.set(`loss ${index} of step ${step}`, await loss.data());
    dispose(losses);
    counts.push(memory().numTensors);
  }
  for (const network of [generator, discriminator]) {
    for (const [name, parameter] of network.parameters) results.set(name, await parameter.data());
  }
  if (counts[0] !== counts[1]) throw new Error(`${counts[1] - counts[0]} tensors leaked in a step`);
  return results;
}

async function compareTraining(backend) {
  const expected = await trainTwoSteps("cpu");
  const received = await trainTwoSteps(backend);
  let worst = { name: "none", difference: 0 };
  let ofLosses = 0;
  let count = 0;
  for (const [name, values] of expected) {
    const got = received.get(name);
    for (let index = 0; index < values.length; index++, count++) {
      const difference = Math.abs(values[index] - got[index]);
      if (name.startsWith("loss ")) ofLosses = Math.max(ofLosses, difference / Math.abs(values[index]));
      else if (!(difference <= worst.difference)) worst = { name, difference };
    }
  }
  return { worst, ofLosses, count };
}

/** By model: how far the engine's numbers are from cpu's, as a share of a tensor's largest value, or what failed. */
async function compareModels(backend) {
  const found = [];
  for (const [name, compute] of Object.entries(models)) {
    try {
      const [expected, received] = [new Map(), new Map()];
      for (const [engineName, results] of [
        ["cpu", expected],
        [backend, received],
      ]) {
        await setBackend(engineName);
        await compute(results);
      }
      let worst = { name: "none", share: 0 };
      for (const [of, values] of expected) {
        const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        const error = values.reduce(
          (most, value, index) => Math.max(most, Math.abs(value - received.get(of)[index])),
          0,
        );
        // A bias before a normalisation has no gradient but rounding.
        const share = largest < 1e-6 ? error : error / largest;
        if (!(share <= worst.share)) worst = { name: of, share };
      }
      found.push({ name, tensors: expected.size, worst });
    } catch (error) {
      found.push({ name, failure: String(error?.message ?? error).slice(0, 300) });
    }
  }
  return found;
}

async function examine(backend) {
  if (!(await setBackend(backend).catch(() => false))) return { backend, missing: "the browser does not offer it" };
  await ready();
  if (getBackend() !== backend) return { backend, missing: `${getBackend()} came instead` };
  compareEngine(backend);
  const failures = [];
  let ofWasm = 0;
  for (const { name, run } of collected) {
    try {
      await run();
    } catch (error) {
      const message = String(error?.message ?? error).slice(0, 200);
      if (/'wasm' not found/.test(message)) ofWasm++;
      else failures.push({ name, message });
      // What a case left behind must not count against the next one.
      while (engine().state.scopeStack.length > 0 && engine().state.activeScope) engine().endScope();
    }
  }
  const worst = observedErrors.reduce((most, error) => (error.share > most.share ? error : most), { share: 0 });
  const step = await compareTraining(backend).catch((error) => ({ failure: String(error?.message ?? error) }));
  const ofModels = await compareModels(backend);
  return {
    backend,
    cases: collected.length - ofWasm,
    failures,
    comparisons: observedErrors.length,
    worst,
    step,
    ofModels,
  };
}

const report = [];
try {
  await prepare();
  const wanted = new URLSearchParams(location.search).get("engines")?.split(",");
  for (const backend of wanted ?? ["webgl", "webgpu"]) report.push(await examine(backend));
} catch (error) {
  report.push({ backend: "page", missing: String(error?.stack ?? error) });
}
await fetch("/report", { method: "POST", body: JSON.stringify(report) });
