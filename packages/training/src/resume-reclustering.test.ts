import { nonSaturatingLoss } from "@divgen/losses";
import { leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { describe, expect, test } from "vitest";
import { contextOf, createDiscriminator, createGenerator, paper } from "../test/support/clustered-points.ts";
import { advancePoints, bitsOf, carryOver } from "../test/support/resumed-runs.ts";
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
  test.each([0, 1, 3, 4])("from step %d ends with the bits of an uninterrupted one", async (at) => {
    const whole = createRun();
    await advancePoints(whole.objective, 0, 6, contextOf);
    const first = createRun();
    await advancePoints(first.objective, 0, at, contextOf);
    const second = createRun();
    await carryOver(first.objective.state, second.objective.state);
    await advancePoints(second.objective, at, 6, contextOf);
    expect(bitsOf(second.objective.state)).toEqual(bitsOf(whole.objective.state));
    expect(second.objective.clusters).toEqual(whole.objective.clusters);
    for (const run of [whole, first, second]) run.dispose();
  });

  test("needs clusters of its own number, and all arrays", async () => {
    const run = createRun();
    await advancePoints(run.objective, 0, 1, contextOf);
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
