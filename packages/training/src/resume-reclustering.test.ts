import { nonSaturatingLoss } from "@divgen/losses";
import { leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { tensor, tidy } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import {
  contextOf,
  createDiscriminator,
  createGenerator,
  drawPoints,
  key,
  paper,
} from "../test/support/clustered-points.ts";
import { createAdam } from "./adam.ts";
import { createClusterConditionalObjective } from "./cluster-conditional-objective.ts";
import { withReclustering } from "./with-reclustering.ts";

useReferenceBackend();
leakCheck();

describe("a resumed run", () => {
  function createRun() {
    const discriminator = createDiscriminator("live");
    const generator = createGenerator();
    const adam = () => createAdam({ learningRate: 0.05, firstMomentDecay: 0.5, secondMomentDecay: 0.9 });
    const inner = createClusterConditionalObjective({
      generator,
      discriminator,
      generatorOptimizer: adam(),
      discriminatorOptimizer: adam(),
      adversarialLoss: nonSaturatingLoss,
      r1Weight: 0.1,
    });
    const frozenDiscriminator = createDiscriminator("frozen");
    const objective = withReclustering(inner, { ...paper, discriminator, frozenDiscriminator, every: 2 });
    const dispose = () => {
      for (const owned of [objective, generator, discriminator]) owned.dispose();
    };
    return { objective, dispose };
  }
  type Run = ReturnType<typeof createRun>;

  async function advance({ objective }: Run, from: number, to: number): Promise<void> {
    for (let step = from; step < to; step++) {
      const samples = drawPoints(key.split("batch").fold(step), 9);
      const report = await objective.step({ samples }, contextOf(step));
      for (const owned of [samples, ...Object.values(report)]) owned.dispose();
    }
  }

  /** What a checkpoint does. */
  async function carryOver(from: Run, to: Run): Promise<void> {
    for (const [name, network] of Object.entries(from.objective.state.networks)) {
      const other = to.objective.state.networks[name]!;
      for (const kind of ["parameters", "buffers"] as const) {
        for (const [variable, value] of network[kind]) {
          tidy(() => other[kind].get(variable)!.assign(tensor(value.dataSync(), value.shape)));
        }
      }
    }
    for (const [name, optimizer] of Object.entries(from.objective.state.optimizers)) {
      const slots = [...optimizer.slots].map(
        ([slot, value]) => [slot, { shape: value.shape, values: Float32Array.from(value.dataSync()) }] as const,
      );
      to.objective.state.optimizers[name]!.restore(optimizer.updates, new Map(slots));
    }
    const saved = await from.objective.state.extras["clusters"]!.capture();
    to.objective.state.extras["clusters"]!.restore(saved);
  }

  const bitsOf = ({ objective }: Run): Record<string, number[]> =>
    Object.fromEntries(
      Object.entries(objective.state.networks).flatMap(([network, { parameters, buffers }]) =>
        [...parameters, ...buffers].map(([name, value]) => [`${network}/${name}`, Array.from(value.dataSync())]),
      ),
    );

  test.each([0, 1, 3, 4])("from step %d ends with the bits of an uninterrupted one", async (at) => {
    const whole = createRun();
    await advance(whole, 0, 6);
    const first = createRun();
    await advance(first, 0, at);
    const second = createRun();
    await carryOver(first, second);
    await advance(second, at, 6);
    expect(bitsOf(second)).toEqual(bitsOf(whole));
    expect(second.objective.clusters).toEqual(whole.objective.clusters);
    for (const run of [whole, first, second]) run.dispose();
  });

  test("needs clusters of its own number, and all arrays", async () => {
    const run = createRun();
    await advance(run, 0, 1);
    const { clusters } = run.objective.state.extras;
    const saved = await clusters!.capture();
    expect(() => clusters!.restore({ ...saved, centers: { shape: [2, 5], values: new Float64Array(10) } })).toThrow(
      "saved clusters: expected 3 centers, got 2",
    );
    const { labels: _, ...incomplete } = saved;
    expect(() => clusters!.restore(incomplete)).toThrow('saved clusters: expected an array "labels", got none');
    run.dispose();
  });
});
