import { type Tensor, type TensorInfo, util } from "@tensorflow/tfjs-core";
import type { NativeOperations } from "./native-operations.ts";
import type { OperationAttribute, OutputHandle } from "./tensorflow-binding.ts";

/** Scale and offset [channels]; null for 1 and 0. */
export type Affine = { readonly scale: TensorInfo; readonly offset: TensorInfo } | null;

/** Output, mean and variance (of the population) of a normalisation. */
export type Normalized = [output: Tensor, mean: Tensor, variance: Tensor];

/** Gradients of a normalisation by its input, scale and offset. */
export type NormalizationGradients = [x: Tensor, scale: Tensor, offset: Tensor];

/**
 * Batch normalisation with the statistics of each channel over all other axes, by `FusedBatchNormV3`.
 *
 * @param x - [..., channels], with more than one value a channel.
 * @returns output as `x`, mean and variance [channels].
 */
export function normalizeBatch(ops: NativeOperations, x: TensorInfo, affine: Affine, epsilon: number): Normalized {
  const own = ownNormalization(ops, x, affine, 1, epsilon);
  if (own !== undefined) return own;
  const images = asImages(ops, x);
  const [y, mean, variance] = normalizeImages(ops, images.id, affineHandles(ops, x, affine), epsilon);
  const output = images.reshaped ? ops.reshape(y.id, x.shape) : y;
  if (images.reshaped) ops.free(y, images);
  return [ops.tensor(output), ops.tensor(mean), ops.tensor(variance)];
}

/** Gradients of `normalizeBatch`, given its statistics. */
export function batchGradients(
  ops: NativeOperations,
  dy: TensorInfo,
  x: TensorInfo,
  scale: TensorInfo | null,
  mean: TensorInfo,
  variance: TensorInfo,
  epsilon: number,
): NormalizationGradients {
  const own = ownGradients(ops, dy, x, scale, mean, variance, 1, epsilon);
  if (own !== undefined) return own;
  const images = asImages(ops, x);
  const gradients = asImages(ops, dy);
  const statistics = [ops.handle(mean), ops.handle(variance)] as const;
  const [dx, dScale, dOffset] = imageGradients(
    ops,
    gradients.id,
    images.id,
    scaleHandle(ops, x, scale),
    statistics,
    epsilon,
  );
  const output = images.reshaped ? ops.reshape(dx.id, x.shape) : dx;
  if (images.reshaped) ops.free(dx, images);
  if (gradients.reshaped) ops.free(gradients);
  return [ops.tensor(output), ops.tensor(dScale), ops.tensor(dOffset)];
}

/**
 * Instance normalisation: batch normalisation of [1, height, width, batch * channels], where the channels of all images
 * lie side by side. A single image has that shape as it is.
 *
 * @param x - [batch, height, width, channels], of more than one position.
 * @returns output as `x`, mean and variance [batch * channels].
 */
export function normalizeInstances(ops: NativeOperations, x: TensorInfo, affine: Affine, epsilon: number): Normalized {
  const own = ownNormalization(ops, x, affine, x.shape[0]!, epsilon);
  if (own !== undefined) return own;
  if (x.shape[0] === 1) return normalizeBatch(ops, x, affine, epsilon);
  const images = sideBySide(ops, x);
  const scale = repeated(ops, x, affine?.scale ?? null, 1);
  const offset = repeated(ops, x, affine?.offset ?? null, 0);
  const [y, mean, variance] = normalizeImages(ops, images.id, [scale.id, offset.id], epsilon);
  ops.free(images);
  scale.free();
  offset.free();
  return [ops.tensor(oneBehindTheOther(ops, y, x.shape)), ops.tensor(mean), ops.tensor(variance)];
}

/** Gradients of `normalizeInstances`, given its statistics. */
export function instanceGradients(
  ops: NativeOperations,
  dy: TensorInfo,
  x: TensorInfo,
  scale: TensorInfo | null,
  mean: TensorInfo,
  variance: TensorInfo,
  epsilon: number,
): NormalizationGradients {
  const own = ownGradients(ops, dy, x, scale, mean, variance, x.shape[0]!, epsilon);
  if (own !== undefined) return own;
  if (x.shape[0] === 1) return batchGradients(ops, dy, x, scale, mean, variance, epsilon);
  const images = sideBySide(ops, x);
  const gradients = sideBySide(ops, dy);
  const scales = repeated(ops, x, scale, 1);
  const statistics = [ops.handle(mean), ops.handle(variance)] as const;
  const [dx, dScale, dOffset] = imageGradients(ops, gradients.id, images.id, scales.id, statistics, epsilon);
  ops.free(images, gradients);
  scales.free();
  return [
    ops.tensor(oneBehindTheOther(ops, dx, x.shape)),
    ops.tensor(sumOfImages(ops, dScale, x.shape)),
    ops.tensor(sumOfImages(ops, dOffset, x.shape)),
  ];
}

/** By the binding's own kernel, where it is the faster one; the values of a group share their statistics. */
function ownNormalization(
  ops: NativeOperations,
  x: TensorInfo,
  affine: Affine,
  groups: number,
  epsilon: number,
): Normalized | undefined {
  const own = ops.ownFor(util.sizeFromShape(x.shape));
  if (own === undefined) return undefined;
  const channels = x.shape.at(-1)!;
  const [scale, offset] = affine === null ? [-1, -1] : [ops.handle(affine.scale), ops.handle(affine.offset)];
  const [y, mean, variance] = own.normalize(ops.handle(x), scale, offset, groups, channels, epsilon);
  const statistics = [groups * channels];
  return [ops.floats(y, x.shape), ops.floats(mean, statistics), ops.floats(variance, statistics)];
}

function ownGradients(
  ops: NativeOperations,
  dy: TensorInfo,
  x: TensorInfo,
  scale: TensorInfo | null,
  mean: TensorInfo,
  variance: TensorInfo,
  groups: number,
  epsilon: number,
): NormalizationGradients | undefined {
  const own = ops.ownFor(util.sizeFromShape(x.shape));
  if (own === undefined) return undefined;
  const channels = x.shape.at(-1)!;
  const [dx, dScale, dOffset] = own.normalizeGradient(
    ops.handle(dy),
    ops.handle(x),
    scale === null ? -1 : ops.handle(scale),
    ops.handle(mean),
    ops.handle(variance),
    groups,
    channels,
    epsilon,
  );
  return [ops.floats(dx, x.shape), ops.floats(dScale, [channels]), ops.floats(dOffset, [channels])];
}

/** [1, height, width, batch * channels] of [batch, height, width, channels]. */
function sideBySide(ops: NativeOperations, x: TensorInfo): OutputHandle {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const moved = transpose(ops, ops.handle(x), [1, 2, 0, 3]);
  const joined = ops.reshape(moved.id, [1, height, width, batch * channels]);
  ops.free(moved);
  return joined;
}

/** The inverse; frees what it is given. */
function oneBehindTheOther(ops: NativeOperations, joined: OutputHandle, shape: readonly number[]): OutputHandle {
  const [batch, height, width, channels] = shape as [number, number, number, number];
  const apart = ops.reshape(joined.id, [height, width, batch, channels]);
  const moved = transpose(ops, apart.id, [2, 0, 1, 3]);
  ops.free(joined, apart);
  return moved;
}

function transpose(ops: NativeOperations, id: number, order: readonly number[]): OutputHandle {
  return ops.one("Transpose", [ops.float, ops.type("Tperm", "int32")], [id, ops.integers(order)]);
}

/** Values [channels] once for each image, or a constant for null. */
function repeated(ops: NativeOperations, x: TensorInfo, values: TensorInfo | null, constant: number) {
  const [batch, , , channels] = x.shape as [number, number, number, number];
  if (values === null) return { id: ops.filled(batch * channels, constant), free: () => undefined };
  const attributes = [ops.float, ops.type("Tmultiples", "int32")];
  const tiled = ops.one("Tile", attributes, [ops.handle(values), ops.integers([batch])]);
  return { id: tiled.id, free: () => ops.free(tiled) };
}

/** [channels] from [batch * channels]; frees what it is given. */
function sumOfImages(ops: NativeOperations, values: OutputHandle, shape: readonly number[]): OutputHandle {
  const rows = ops.reshape(values.id, [shape[0]!, shape[3]!]);
  const sum = ops.one("BiasAddGrad", [ops.float, ops.text("data_format", "NHWC")], [rows.id]);
  ops.free(values, rows);
  return sum;
}

function affineHandles(ops: NativeOperations, x: TensorInfo, affine: Affine): [scale: number, offset: number] {
  const offset = affine === null ? ops.filled(x.shape.at(-1)!, 0) : ops.handle(affine.offset);
  return [scaleHandle(ops, x, affine?.scale ?? null), offset];
}

function scaleHandle(ops: NativeOperations, x: TensorInfo, scale: TensorInfo | null): number {
  return scale === null ? ops.filled(x.shape.at(-1)!, 1) : ops.handle(scale);
}

function attributesOf(ops: NativeOperations, epsilon: number): OperationAttribute[] {
  return [
    ops.float,
    ops.type("U", "float32"),
    ops.real("epsilon", epsilon),
    ops.text("data_format", "NHWC"),
    ops.flag("is_training", true),
  ];
}

/** y, mean and population variance; the operation's own variance output has Bessel's correction. */
function normalizeImages(
  ops: NativeOperations,
  x: number,
  affine: readonly [scale: number, offset: number],
  epsilon: number,
): [OutputHandle, OutputHandle, OutputHandle] {
  const none = ops.filled(0, 0);
  const [y, mean, unbiased, mean2, variance, workspace] = ops.several(
    "FusedBatchNormV3",
    [...attributesOf(ops, epsilon), ops.real("exponential_avg_factor", 1)],
    [x, ...affine, none, none],
    6,
  ) as [OutputHandle, OutputHandle, OutputHandle, OutputHandle, OutputHandle, OutputHandle];
  ops.free(unbiased, mean2, workspace);
  return [y, mean, variance];
}

function imageGradients(
  ops: NativeOperations,
  dy: number,
  x: number,
  scale: number,
  statistics: readonly [mean: number, variance: number],
  epsilon: number,
): [OutputHandle, OutputHandle, OutputHandle] {
  const inputs = [dy, x, scale, ...statistics, ops.filled(0, 0)];
  const [dx, dScale, dOffset, unused1, unused2] = ops.several(
    "FusedBatchNormGradV3",
    attributesOf(ops, epsilon),
    inputs,
    5,
  ) as [OutputHandle, OutputHandle, OutputHandle, OutputHandle, OutputHandle];
  ops.free(unused1, unused2);
  return [dx, dScale, dOffset];
}

/** The handle of a tensor as [batch, height, width, channels]: its own, or a new one to free. */
function asImages(ops: NativeOperations, x: TensorInfo): OutputHandle & { reshaped: boolean } {
  const id = ops.handle(x);
  if (x.shape.length === 4) return { id, shape: x.shape, dtype: 0, reshaped: false };
  const channels = x.shape.at(-1)!;
  const rows = x.shape.slice(0, -1).reduce((product, size) => product * size, 1);
  return { ...ops.reshape(id, [rows, 1, 1, channels]), reshaped: true };
}
