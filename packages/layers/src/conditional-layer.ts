import type { ForwardPass, Network } from "@divgen/core-tensors";
import type { Tensor, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";

/** A layer that also sees a code of each example, such as its one-hot class. */
export interface ConditionalLayer<Input extends Tensor = Tensor4D, Output extends Tensor = Input> extends Network {
  /**
   * @param codes - [batch, codeSize], borrowed.
   * @returns owned by the caller; `input` is borrowed.
   */
  forward(input: Input, codes: Tensor2D, pass: ForwardPass): Output;
}
