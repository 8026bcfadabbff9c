import {
  dispose,
  grad,
  mean,
  reshape,
  type Scalar,
  square,
  sum,
  type Tensor,
  tensor,
  tidy,
  type Variable,
  variableGrads,
} from "@tensorflow/tfjs-core";

/** The part of a network that tests fill and differentiate. */
export interface ParameterSource {
  readonly parameters: ReadonlyMap<string, Variable>;
}

/**
 * mean + scale * sin(0.7 i + 0.05 i^2 + phase): numbers that a golden script makes again without a file
 * (`tools/golden/class_networks.py`).
 *
 * @returns owned by the caller.
 */
export function ripple(shape: readonly number[], phase: number, scale: number, mean = 0): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  const value = (_: unknown, i: number) => mean + scale * Math.sin(0.7 * i + 0.05 * i * i + phase);
  return tensor(Float32Array.from({ length: size }, value), [...shape], "float32");
}

/**
 * Gives every parameter the ripple that golden scripts give it: the n-th name has phase n; scale 0.1 for biases and
 * offsets, 0.2 around 1 for normalisation scales, 1 for embeddings, `weightScale` for the rest.
 *
 * @param names - of all parameters, in the script's order.
 * @throws Error if the network's names are others.
 */
export function fillWithRipples({ parameters }: ParameterSource, names: readonly string[], weightScale: number): void {
  const own = [...parameters.keys()].sort().join(" ");
  const wanted = [...names].sort().join(" ");
  if (own !== wanted) throw new Error(`names of parameters: expected ${wanted}, got ${own}`);
  for (const [index, name] of names.entries()) {
    const parameter = parameters.get(name)!;
    tidy(() => parameter.assign(rippleFor(name, parameter.shape, index, weightScale)));
  }
}

function rippleFor(name: string, shape: readonly number[], phase: number, weightScale: number): Tensor {
  if (name.endsWith(".scale")) return ripple(shape, phase, 0.2, 1);
  if (/\.(bias|offset)$/.test(name)) return ripple(shape, phase, 0.1);
  return ripple(shape, phase, name.endsWith("embedding.weight") ? 1 : weightScale);
}

/** Gradient of a loss by each named parameter, projected on cos(0.3 index): one number a parameter. */
export function projectedGradients(
  { parameters }: ParameterSource,
  names: readonly string[],
  loss: () => Scalar,
): number[] {
  const variables = names.map((name) => parameters.get(name)!);
  const { value, grads } = variableGrads(loss, variables);
  const projections = variables.map(({ name }) => {
    const gradient: ArrayLike<number> = grads[name]?.dataSync() ?? [];
    return Array.from(gradient).reduce((total, entry, index) => total + entry * Math.cos(0.3 * index), 0);
  });
  value.dispose();
  dispose(grads);
  return projections;
}

/** Mean over the samples of the squared length of the gradient of the summed logits: what a gradient penalty is made of. */
export function squaredGradient(judge: (samples: Tensor) => Tensor, samples: Tensor): Scalar {
  return tidy(() => {
    const gradient = grad((x: Tensor) => sum(judge(x)))(samples);
    return mean(sum(square(reshape(gradient, [samples.shape[0]!, -1])), 1)) as Scalar;
  });
}
