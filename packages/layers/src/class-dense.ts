import { assertShape } from "@divgen/core-tensors";
import type { RandomKey } from "@divgen/random";
import { add, matMul, mul, type Rank, reshape, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import type { ConditionalLayer } from "./conditional-layer.ts";
import type { WeightInitializer } from "./initializers.ts";
import { assertIntegers } from "./options.ts";
import { createParameter, ownedState } from "./variables.ts";

/** A fully connected layer for each class. */
export interface ClassDenseOptions {
  readonly inputSize: number;
  readonly outputSize: number;
  readonly classCount: number;
  /** @defaultValue true */
  readonly bias?: boolean;
  readonly initializer: WeightInitializer;
}

/**
 * A dense layer of its own for each class: input weight_c + bias_c for one-hot codes of c. Parameters: "weight"
 * [classCount, inputSize, outputSize] and "bias" [classCount, outputSize].
 *
 * All classes are computed by one product of the outer products code x input, so that batches may mix classes; its cost
 * grows with their number, as a first layer of a mixture of generators can afford.
 *
 * @returns a layer from [batch, inputSize] to [batch, outputSize]; owned by the caller.
 * @throws RangeError if a size is no positive integer.
 */
export function createClassDense(
  key: RandomKey,
  { inputSize, outputSize, classCount, bias: hasBias = true, initializer }: ClassDenseOptions,
): ConditionalLayer<Tensor2D> {
  assertIntegers(inputSize, 1, "inputSize");
  assertIntegers(outputSize, 1, "outputSize");
  assertIntegers(classCount, 1, "classCount");
  const fans = { in: inputSize, out: outputSize };
  const shape = [classCount, inputSize, outputSize];
  const weight = createParameter<Rank.R3>(initializer.weight, key.split("weight"), shape, fans);
  const bias = hasBias
    ? createParameter<Rank.R2>(initializer.bias, key.split("bias"), [classCount, outputSize], fans)
    : null;
  return {
    ...ownedState({ weight, bias }),
    forward: (input, codes) => {
      assertShape(input, ["batch", inputSize], "input");
      const batch = input.shape[0];
      assertShape(codes, [batch, classCount], "codes");
      return tidy(() => {
        const outer = mul(reshape(codes, [batch, classCount, 1]), reshape(input, [batch, 1, inputSize]));
        const columns = classCount * inputSize;
        const product: Tensor2D = matMul(
          reshape(outer, [batch, columns]) as Tensor2D,
          reshape(weight, [columns, outputSize]) as Tensor2D,
        );
        return bias === null ? product : add(product, matMul(codes, bias));
      });
    },
  };
}
