import { customGrad, type GradSaveFunc, type Tensor, type Tensor4D } from "@tensorflow/tfjs-core";

/** A linear map between images. */
export type LinearMap = (images: Tensor4D) => Tensor4D;

/**
 * A linear map that is differentiable any number of times: its gradient is its adjoint, whose gradient is the map
 * again. For kernels whose own gradient in tfjs is missing, once only, or wrong.
 *
 * @param forward - the map; need not be differentiable.
 * @param adjoint - its transpose: <forward(x), y> = <x, adjoint(y)>; need not be differentiable.
 */
export function linearOperator(forward: LinearMap, adjoint: LinearMap): LinearMap {
  const gradientOf = (map: LinearMap, transposed: LinearMap) =>
    customGrad((images: Tensor | GradSaveFunc) => ({
      value: map(images as Tensor4D),
      gradFunc: (gradient: Tensor) => transposed(gradient as Tensor4D),
    })) as LinearMap;
  const apply: LinearMap = (images) => gradientOf(forward, applyAdjoint)(images);
  const applyAdjoint: LinearMap = (images) => gradientOf(adjoint, apply)(images);
  return apply;
}
