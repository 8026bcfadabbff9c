import { composeNetwork, type Network } from "@divgen/core-tensors";
import { normal, randomKey } from "@divgen/random";
import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import {
  add,
  mean,
  memory,
  type Scalar,
  square,
  sub,
  type Tensor1D,
  tensor1d,
  tidy,
  type Variable,
  variable,
} from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { createAdam } from "./adam.ts";
import { computeGradients } from "./gradients.ts";
import type { Objective } from "./objective.ts";
import { type BatchSource, type TrainOptions, train } from "./train.ts";
import type { TrainingEvent } from "./training-event.ts";
import { createWeightAverage, withWeightAveraging } from "./weight-averaging.ts";

useReferenceBackend();
leakCheck();

/** A network of one vector, "point.position". */
function createPoint(): Network {
  const position: Variable = tidy(() => variable(tensor1d([0, 0, 0])));
  const leaf: Network = {
    parameters: new Map([["position", position]]),
    buffers: new Map(),
    dispose: () => position.dispose(),
  };
  return composeNetwork({ point: leaf });
}

/** Pulls the point to the batch plus the step's noise. */
function createPull(network: Network, breakAt = Number.POSITIVE_INFINITY): Objective<Tensor1D> {
  const optimizer = createAdam({ learningRate: 0.1, firstMomentDecay: 0.9, secondMomentDecay: 0.999 });
  return {
    state: { networks: { point: network }, optimizers: { point: optimizer }, extras: {} },
    step: (batch, { key, step }) => {
      const position = network.parameters.get("point.position")!;
      const { gradients, report } = computeGradients(network, () => {
        const noise = tensor1d(normal(key, 3, { standardDeviation: step >= breakAt ? Number.POSITIVE_INFINITY : 0.1 }));
        const total = mean(square(sub(position, add(batch, noise)))) as Scalar;
        return { total, report: { "point/distance": total } };
      });
      optimizer.applyGradients(network.parameters, gradients);
      for (const gradient of gradients.values()) gradient.dispose();
      return report;
    },
    dispose: () => optimizer.dispose(),
  };
}

const batches: BatchSource<Tensor1D> = {
  stepsPerEpoch: 5,
  load: async (step) => tensor1d([step % 5, 1, -1]),
};
const key = randomKey(4);
let now = 0;
const options: Omit<TrainOptions, "steps"> = { reportEvery: 4, key, clock: () => now++ };

async function collect(events: AsyncGenerator<TrainingEvent>): Promise<TrainingEvent[]> {
  const list: TrainingEvent[] = [];
  for await (const event of events) list.push(event);
  return list;
}

const labels = (events: TrainingEvent[]) => events.map((event) => `${event.kind}@${event.step}`);

describe("train", () => {
  test("yields reports, due events after their report, and the end", async () => {
    const network = createPoint();
    const objective = createPull(network);
    const events = await collect(
      train(objective, batches, { ...options, steps: 10, checkpointEvery: 5, samplesEvery: 10 }),
    );
    expect(labels(events)).toEqual([
      "progress@4",
      "progress@5",
      "checkpoint-due@5",
      "progress@8",
      "progress@10",
      "samples-due@10",
      "checkpoint-due@10",
      "finished@10",
    ]);
    const last = events[4]!;
    expect(last.kind === "progress" && last.epoch).toBe(1);
    objective.dispose();
    network.dispose();
  });

  test("keeps the tensor count constant after the first step", async () => {
    const network = createPoint();
    const objective = createPull(network);
    const counts: number[] = [];
    for await (const event of train(objective, batches, { ...options, reportEvery: 1, steps: 12 })) {
      // The last step has no prefetched batch any more.
      if (event.kind === "progress" && event.step < 12) counts.push(memory().numTensors);
    }
    expect(new Set(counts).size).toBe(1);
    objective.dispose();
    network.dispose();
  });

  test("resumed at step 4 it ends with the bits of an uninterrupted run", async () => {
    const whole = createPoint();
    const wholeObjective = createPull(whole);
    await collect(train(wholeObjective, batches, { ...options, steps: 9 }));

    const parted = createPoint();
    const firstHalf = createPull(parted);
    await collect(train(firstHalf, batches, { ...options, steps: 4 }));
    const optimizer = firstHalf.state.optimizers["point"]!;
    const slots = new Map(
      [...optimizer.slots].map(([name, slot]) => [
        name,
        { shape: slot.shape, values: Float32Array.from(slot.dataSync()) },
      ]),
    );
    const secondHalf = createPull(parted);
    secondHalf.state.optimizers["point"]!.restore(optimizer.updates, slots);
    await collect(train(secondHalf, batches, { ...options, startStep: 4, steps: 9 }));

    const position = (network: Network) => network.parameters.get("point.position")!.dataSync();
    expect(position(parted)).toEqual(position(whole));
    for (const owned of [wholeObjective, firstHalf, secondHalf, whole, parted]) owned.dispose();
  });

  test("stops after the step in progress when its signal is aborted", async () => {
    const network = createPoint();
    const objective = createPull(network);
    const controller = new AbortController();
    const events: TrainingEvent[] = [];
    for await (const event of train(objective, batches, { ...options, steps: 100, signal: controller.signal })) {
      events.push(event);
      controller.abort();
    }
    expect(labels(events)).toEqual(["progress@4", "interrupted@4"]);
    objective.dispose();
    network.dispose();
  });

  test("a loss that is not finite ends the run before a checkpoint is due", async () => {
    const network = createPoint();
    const objective = createPull(network, 6);
    const events: TrainingEvent[] = [];
    const run = async () => {
      for await (const event of train(objective, batches, { ...options, steps: 100, checkpointEvery: 7 }))
        events.push(event);
    };
    await expect(run()).rejects.toThrow(/diverged at step 7: loss "point\/distance" is (NaN|Infinity)/);
    expect(labels(events)).toEqual(["progress@4"]);
    objective.dispose();
    network.dispose();
  });

  test("a batch that cannot be loaded is an error of its step, not an unhandled rejection", async () => {
    const network = createPoint();
    const objective = createPull(network);
    const failing: BatchSource<Tensor1D> = {
      stepsPerEpoch: 5,
      load: (step) => (step === 5 ? Promise.reject(new Error("unreadable")) : batches.load(step)),
    };
    const events: TrainingEvent[] = [];
    const run = async () => {
      for await (const event of train(objective, failing, { ...options, steps: 10 })) events.push(event);
    };
    await expect(run()).rejects.toThrow("unreadable");
    expect(labels(events)).toEqual(["progress@4"]);
    objective.dispose();
    network.dispose();
  });

  test.each([
    { steps: -1, reportEvery: 1 },
    { steps: 1.5, reportEvery: 1 },
    { steps: 1, reportEvery: 0 },
  ])("refuses %o", async (wrong) => {
    const network = createPoint();
    const objective = createPull(network);
    await expect(collect(train(objective, batches, { ...options, ...wrong }))).rejects.toThrow(
      /expected an integer >=/,
    );
    objective.dispose();
    network.dispose();
  });
});

test("gradients of a loss that forgets a parameter are refused by name", () => {
  const network = createPoint();
  const other = createPoint();
  const both = composeNetwork({ first: network, second: other });
  expect(() =>
    computeGradients(both, () => {
      const total = mean(square(network.parameters.get("point.position")!)) as Scalar;
      return { total, report: { total } };
    }),
  ).toThrow('not on "second.point.position"');
  both.dispose();
});

test("averaged weights follow average = decay average + (1 - decay) weights, and can be put in and out", async () => {
  const network = createPoint();
  const average = createWeightAverage(network, { decay: 0.75 });
  const objective = withWeightAveraging(createPull(network), "point", average);
  expect(Object.keys(objective.state.networks)).toEqual(["point", "point-average"]);
  const position = network.parameters.get("point.position")!;
  let expected = [0, 0, 0];
  for (let step = 0; step < 3; step++) {
    const batch = await batches.load(step);
    const report = await objective.step(batch, { step, epoch: 0, key: key.fold(step) });
    report["point/distance"]!.dispose();
    batch.dispose();
    expected = expected.map((value, index) => 0.75 * value + 0.25 * position.dataSync()[index]!);
  }
  expectClose(average.parameters.get("point.position")!, expected, { absolute: 1e-6 });
  const trained = position.dataSync().slice();
  await average.withAveragedWeights(() => expectClose(position, expected, { absolute: 1e-6 }));
  expect(position.dataSync()).toEqual(trained);
  for (const owned of [objective, average, network]) owned.dispose();
});

test("running statistics are averaged with the weights, and put back after use", async () => {
  const statistic = tidy(() => variable(tensor1d([8])));
  const network: Network = {
    parameters: new Map(),
    buffers: new Map([["running", statistic]]),
    dispose: () => statistic.dispose(),
  };
  const average = createWeightAverage(network, { decay: 0.75 });
  for (const value of [4, 0]) {
    const next = tensor1d([value]);
    statistic.assign(next);
    next.dispose();
    average.update();
  }
  // 0.75 * (0.75 * 8 + 0.25 * 4) + 0.25 * 0
  await average.withAveragedWeights(() => expectClose(statistic, [5.25], { absolute: 1e-6 }));
  expectClose(statistic, [0], { absolute: 0 });
  for (const owned of [average, network]) owned.dispose();
});
