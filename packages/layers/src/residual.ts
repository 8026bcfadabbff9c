import { composeNetwork, type Layer } from "@divgen/core-tensors";
import { add, mul, type Tensor, type Tensor4D, tidy } from "@tensorflow/tfjs-core";

/** The two ways through a residual block. */
export interface ResidualOptions<T extends Tensor> {
  readonly main: Layer<T>;
  /** @defaultValue the identity */
  readonly shortcut?: Layer<T>;
  /** Factor of the main way; 0.1 in GAN_stability's networks. @defaultValue 1 */
  readonly mainWeight?: number;
  /** Applied to the sum. @defaultValue none */
  readonly activation?: (sum: T) => T;
}

/**
 * activation(shortcut(x) + mainWeight * main(x)). Parameters and buffers: "main.*" and "shortcut.*".
 *
 * @param options - its layers are taken over: disposing the result disposes them.
 * @returns owned by the caller.
 */
export function createResidual<T extends Tensor = Tensor4D>({
  main,
  shortcut,
  mainWeight = 1,
  activation,
}: ResidualOptions<T>): Layer<T> {
  return {
    ...composeNetwork(shortcut === undefined ? { main } : { main, shortcut }),
    forward: (input, pass) =>
      tidy(() => {
        const change = main.forward(input, pass);
        const base = shortcut === undefined ? input : shortcut.forward(input, pass);
        const result = add(base, mainWeight === 1 ? change : mul(change, mainWeight)) as T;
        return activation === undefined ? result : activation(result);
      }),
  };
}
