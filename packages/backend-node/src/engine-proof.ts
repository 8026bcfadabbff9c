import {
  conv2d,
  conv2dTranspose,
  mul,
  sum,
  type Tensor,
  type Tensor4D,
  tensor4d,
  tidy,
  valueAndGrads,
} from "@tensorflow/tfjs-core";
// The convolution's gradient has to be registered before it can be asked for.
import "@divgen/core-tensors";

/** An engine computed something else than it should have. */
export class EngineProofError extends Error {
  override readonly name = "EngineProofError";
}

/** Allowed error of each value: all of them are small integers, so float32 is exact and TF32 nearly. */
const tolerance = 1e-3;

/**
 * Runs a strided convolution, a transposed convolution and their gradients on the current backend and
 * compares them with numbers worked out by hand.
 *
 * Input x is 4 x 4 with values 1..16, the kernel k is [[1, 2], [3, 4]], stride 2, no padding. Then
 * y = conv(x, k) = [[44, 64], [124, 144]]; for L = sum(w y) with w = [[1, 2], [3, 4]] the input gradient
 * places w * k, and the kernel gradient is sum over positions of w times the input patch.
 *
 * @throws EngineProofError naming the operation, the expected and the received values.
 */
export async function proveEngine(): Promise<void> {
  const results = tidy(() => {
    const x = tensor4d(
      Array.from({ length: 16 }, (_, index) => index + 1),
      [1, 4, 4, 1],
    );
    const kernel = tensor4d([1, 2, 3, 4], [2, 2, 1, 1]);
    const weights = tensor4d([1, 2, 3, 4], [1, 2, 2, 1]);
    const convolution = conv2d(x, kernel, 2, "valid");
    const gradients = valueAndGrads((input: Tensor, filter: Tensor) =>
      sum(mul(weights, conv2d(input as Tensor4D, filter as Tensor4D, 2, "valid"))),
    )([x, kernel]);
    const transposed = valueAndGrads((input: Tensor, filter: Tensor) =>
      sum(mul(x, conv2dTranspose(input as Tensor4D, filter as Tensor4D, [1, 4, 4, 1], 2, "valid"))),
    )([weights, kernel]);
    return [
      // 1*1 + 2*2 + 5*3 + 6*4 = 44, and so on.
      { name: "convolution", tensor: convolution, expected: [44, 64, 124, 144] },
      {
        name: "gradient of a convolution by its input",
        tensor: gradients.grads[0]!,
        expected: [1, 2, 2, 4, 3, 4, 6, 8, 3, 6, 4, 8, 9, 12, 12, 16],
      },
      {
        // First value: 1*1 + 2*3 + 3*9 + 4*11 = 78; the others add 10 per column and 40 per row.
        name: "gradient of a convolution by its kernel",
        tensor: gradients.grads[1]!,
        expected: [78, 88, 118, 128],
      },
      // The transposed convolution is the adjoint: <x, T(w)> = <conv(x), w> = 44 + 128 + 372 + 576.
      { name: "transposed convolution", tensor: transposed.value, expected: [1120] },
      {
        name: "gradient of a transposed convolution by its input",
        tensor: transposed.grads[0]!,
        expected: [44, 64, 124, 144],
      },
      {
        name: "gradient of a transposed convolution by its kernel",
        tensor: transposed.grads[1]!,
        expected: [78, 88, 118, 128],
      },
    ];
  });
  try {
    for (const { name, tensor: received, expected } of results) assertValues(name, await received.data(), expected);
  } finally {
    for (const result of results) result.tensor.dispose();
  }
}

function assertValues(name: string, received: ArrayLike<number>, expected: readonly number[]): void {
  const values = Array.from(received);
  const wrong =
    values.length !== expected.length ||
    expected.some((value, index) => !(Math.abs(value - values[index]!) <= tolerance));
  if (wrong) throw new EngineProofError(`${name}: expected [${expected}], got [${values}]`);
}
