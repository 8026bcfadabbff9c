import { ShapeError } from "@divgen/core-tensors";

/** What padding comes to along one axis, for a given input size. */
export interface AxisPlan {
  readonly before: number;
  /** Cut to what the kernel reaches. */
  readonly after: number;
  /** True if TensorFlow's "same" means just this. */
  readonly isSame: boolean;
}

/**
 * Where a kernel of `span` pixels needs padding.
 *
 * @param padding - pixels on each side, or TensorFlow's words.
 * @throws ShapeError if the padded input is smaller than the kernel.
 */
export function planAxis(input: number, span: number, stride: number, padding: number | "same" | "valid"): AxisPlan {
  const sameOutput = Math.ceil(input / stride);
  const sameTotal = Math.max(0, (sameOutput - 1) * stride + span - input);
  const sameBefore = Math.floor(sameTotal / 2);
  if (padding === "same") return { before: sameBefore, after: sameTotal - sameBefore, isSame: true };
  const before = padding === "valid" ? 0 : padding;
  const output = Math.floor((input + 2 * before - span) / stride) + 1;
  if (output < 1) {
    throw new ShapeError(
      `input: expected at least ${span - 2 * before} pixels for a kernel over ${span} with padding ${before}, got ${input}`,
    );
  }
  const after = Math.max(0, (output - 1) * stride + span - input - before);
  return { before, after, isSame: output === sameOutput && before === sameBefore };
}
