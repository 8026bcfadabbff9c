import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
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
 * Instance normalisation: batch normalisation of each image by itself. Dividing along the first axis copies nothing.
 *
 * @param x - [batch, height, width, channels], of more than one position.
 * @returns output as `x`, mean and variance [batch * channels].
 */
export function normalizeInstances(ops: NativeOperations, x: TensorInfo, affine: Affine, epsilon: number): Normalized {
  const parameters = affineHandles(ops, x, affine);
  const images = splitFirst(ops, ops.handle(x), x.shape[0]!);
  const parts = images.handles.map((id) => normalizeImages(ops, id, parameters, epsilon));
  images.free();
  return [
    ops.tensor(
      joinFirst(
        ops,
        parts.map((part) => part[0]),
      ),
    ),
    ops.tensor(
      joinFirst(
        ops,
        parts.map((part) => part[1]),
      ),
    ),
    ops.tensor(
      joinFirst(
        ops,
        parts.map((part) => part[2]),
      ),
    ),
  ];
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
  const batch = x.shape[0]!;
  const images = splitFirst(ops, ops.handle(x), batch);
  const gradients = splitFirst(ops, ops.handle(dy), batch);
  const means = splitFirst(ops, ops.handle(mean), batch);
  const variances = splitFirst(ops, ops.handle(variance), batch);
  const parts = images.handles.map((id, index) => {
    const statistics = [means.handles[index]!, variances.handles[index]!] as const;
    return imageGradients(ops, gradients.handles[index]!, id, scaleHandle(ops, x, scale), statistics, epsilon);
  });
  images.free();
  gradients.free();
  means.free();
  variances.free();
  return [
    ops.tensor(
      joinFirst(
        ops,
        parts.map((part) => part[0]),
      ),
    ),
    ops.tensor(
      sum(
        ops,
        parts.map((part) => part[1]),
      ),
    ),
    ops.tensor(
      sum(
        ops,
        parts.map((part) => part[2]),
      ),
    ),
  ];
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

interface Parts {
  readonly handles: readonly number[];
  free(): void;
}

function splitFirst(ops: NativeOperations, id: number, count: number): Parts {
  if (count === 1) return { handles: [id], free: () => undefined };
  const axis = ops.integerScalar(0);
  const parts = ops.several("Split", [ops.float, ops.integer("num_split", count)], [axis, id], count);
  return { handles: parts.map((part) => part.id), free: () => ops.free(...parts) };
}

function joinFirst(ops: NativeOperations, parts: readonly OutputHandle[]): OutputHandle {
  if (parts.length === 1) return parts[0]!;
  const attributes = [ops.float, ops.integer("N", parts.length), ops.type("Tidx", "int32")];
  const joined = ops.one("ConcatV2", attributes, [...parts.map((part) => part.id), ops.integerScalar(0)]);
  ops.free(...parts);
  return joined;
}

function sum(ops: NativeOperations, parts: readonly OutputHandle[]): OutputHandle {
  if (parts.length === 1) return parts[0]!;
  const total = ops.one(
    "AddN",
    [ops.float, ops.integer("N", parts.length)],
    parts.map((part) => part.id),
  );
  ops.free(...parts);
  return total;
}
