/** What tests of exact resumes share: a checkpoint without files. */
import { type Tensor2D, tensor, tidy } from "@tensorflow/tfjs-core";
import type { Objective, StepContext, TrainingState } from "../../src/objective.ts";
import { drawPoints, key } from "./clustered-points.ts";

/** Takes steps `from` to `to` with batches of nine points. */
export async function advancePoints(
  objective: Objective<{ samples: Tensor2D }>,
  from: number,
  to: number,
  contextOf: (step: number) => StepContext,
): Promise<void> {
  for (let step = from; step < to; step++) {
    const samples = drawPoints(key.split("batch").fold(step), 9);
    const report = await objective.step({ samples }, contextOf(step));
    for (const owned of [samples, ...Object.values(report)]) owned.dispose();
  }
}

/** Puts one run's state into another. */
export async function carryOver(from: TrainingState, to: TrainingState): Promise<void> {
  for (const [name, network] of Object.entries(from.networks)) {
    const other = to.networks[name]!;
    for (const kind of ["parameters", "buffers"] as const) {
      for (const [variable, value] of network[kind]) {
        tidy(() => other[kind].get(variable)!.assign(tensor(value.dataSync(), value.shape)));
      }
    }
  }
  for (const [name, optimizer] of Object.entries(from.optimizers)) {
    const slots = [...optimizer.slots].map(
      ([slot, value]) => [slot, { shape: value.shape, values: Float32Array.from(value.dataSync()) }] as const,
    );
    to.optimizers[name]!.restore(optimizer.updates, new Map(slots));
  }
  for (const [name, extra] of Object.entries(from.extras)) to.extras[name]!.restore(await extra.capture());
}

/** Every parameter and buffer of every network. */
export function bitsOf({ networks }: TrainingState): Record<string, number[]> {
  return Object.fromEntries(
    Object.entries(networks).flatMap(([network, { parameters, buffers }]) =>
      [...parameters, ...buffers].map(([name, value]) => [`${network}/${name}`, Array.from(value.dataSync())]),
    ),
  );
}
