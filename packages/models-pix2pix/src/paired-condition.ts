import { asImageBatch, type ImageBatch, ShapeError } from "@divgen/core-tensors";
import type { Tensor2D } from "@tensorflow/tfjs-core";

/** What paired translation is conditioned on: an input image each, and optionally a code (a cluster's one-hot row). */
export interface PairedCondition {
  /** [batch, height, width, inputChannels]: the label map as an image, edges, a photograph. */
  readonly input: ImageBatch;
  /** [batch, codeSize]: one-hot cluster or class; absent for networks made with `codeSize` 0. */
  readonly code?: Tensor2D;
}

/**
 * Checks a condition against what a network was made for.
 *
 * @throws ShapeError naming what differs.
 */
export function assertCondition(condition: PairedCondition, inputChannels: number, codeSize: number): void {
  const [batch, , , channels] = asImageBatch(condition.input).shape;
  if (channels !== inputChannels) {
    throw new ShapeError(`condition.input: expected ${inputChannels} channels, got ${channels}`);
  }
  const received = condition.code?.shape ?? [batch, 0];
  if (received[0] !== batch || received[1] !== codeSize) {
    throw new ShapeError(`condition.code: expected [${batch}, ${codeSize}], got [${received.join(", ")}]`);
  }
}
