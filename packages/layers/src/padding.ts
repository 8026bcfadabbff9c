import { ShapeError } from "@divgen/core-tensors";
import { add, concat, mirrorPad, pad, reverse, slice, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { linearOperator } from "./linear-operator.ts";

/** What stands beyond the border: zeros, the image mirrored at its outermost pixels (not repeating them), or those pixels. */
export type PaddingMode = "zero" | "reflect" | "replicate";

/** Pixels added before and after along one axis. */
export interface AxisPadding {
  readonly before: number;
  readonly after: number;
}

/**
 * Pads images by mirroring or by repeating the border; differentiable twice (the gradient of tfjs's own mirrorPad
 * loses what the border copies contribute).
 *
 * @param images - [batch, height, width, channels].
 * @returns [batch, rows.before + height + rows.after, columns.before + width + columns.after, channels], owned by the
 *   caller.
 * @throws ShapeError if mirroring would need more pixels than there are.
 */
export function padEdges(
  images: Tensor4D,
  rows: AxisPadding,
  columns: AxisPadding,
  mode: "reflect" | "replicate",
): Tensor4D {
  if (mode === "replicate") return tidy(() => replicateAxis(replicateAxis(images, 1, rows), 2, columns));
  const [, height, width] = images.shape;
  if (Math.max(rows.before, rows.after) >= height || Math.max(columns.before, columns.after) >= width) {
    throw new ShapeError(
      `images: expected more pixels than the reflection padding mirrors, got ${height} x ${width} padded by ` +
        `${Math.max(rows.before, rows.after)} x ${Math.max(columns.before, columns.after)}`,
    );
  }
  const paddings: [number, number][] = [
    [0, 0],
    [rows.before, rows.after],
    [columns.before, columns.after],
    [0, 0],
  ];
  const reflect = linearOperator(
    (x) => mirrorPad(x, paddings, "reflect"),
    (dy) => foldReflection(foldReflection(dy, 1, rows), 2, columns),
  );
  return tidy(() => reflect(images));
}

/** `padEdges` with the same number of mirrored pixels on all four sides (PyTorch's ReflectionPad2d). */
export function padReflect(images: Tensor4D, pixels: number): Tensor4D {
  const sides = { before: pixels, after: pixels };
  return padEdges(images, sides, sides, "reflect");
}

type SpatialAxis = 1 | 2;

/** Adjoint of mirroring along one axis: what the mirrored pixels received is added to the pixels they came from. */
function foldReflection(gradient: Tensor4D, axis: SpatialAxis, { before, after }: AxisPadding): Tensor4D {
  const size = gradient.shape[axis] - before - after;
  let folded = sliceAxis(gradient, axis, before, size);
  if (before > 0) {
    const mirrored = reverse(sliceAxis(gradient, axis, 0, before), axis);
    folded = add(folded, padAxis(mirrored, axis, 1, size - 1 - before));
  }
  if (after > 0) {
    const mirrored = reverse(sliceAxis(gradient, axis, before + size, after), axis);
    folded = add(folded, padAxis(mirrored, axis, size - 1 - after, 1));
  }
  return folded;
}

function replicateAxis(images: Tensor4D, axis: SpatialAxis, { before, after }: AxisPadding): Tensor4D {
  if (before + after === 0) return images;
  const first = sliceAxis(images, axis, 0, 1);
  const last = sliceAxis(images, axis, images.shape[axis] - 1, 1);
  return concat([...Array<Tensor4D>(before).fill(first), images, ...Array<Tensor4D>(after).fill(last)], axis);
}

/** `size` pixels along one axis, beginning at `begin`. */
export function sliceAxis(images: Tensor4D, axis: SpatialAxis, begin: number, size: number): Tensor4D {
  const begins: [number, number, number, number] = [0, 0, 0, 0];
  const sizes: [number, number, number, number] = [-1, -1, -1, -1];
  begins[axis] = begin;
  sizes[axis] = size;
  return slice(images, begins, sizes);
}

function padAxis(images: Tensor4D, axis: SpatialAxis, before: number, after: number): Tensor4D {
  const paddings: [number, number][] = [
    [0, 0],
    [0, 0],
    [0, 0],
    [0, 0],
  ];
  paddings[axis] = [before, after];
  return pad(images, paddings);
}
