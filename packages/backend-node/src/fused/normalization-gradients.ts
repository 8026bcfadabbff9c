import { fusedKernels } from "@divgen/core-tensors";
import {
  add,
  engine,
  type GradConfig,
  mean,
  mul,
  reshape,
  rsqrt,
  square,
  sub,
  sum,
  type Tensor,
} from "@tensorflow/tfjs-core";
import { isRecording } from "./differentiation.ts";
import { nativeOperations } from "./native-operations.ts";
import { batchGradients, instanceGradients, type NormalizationGradients } from "./normalization-kernels.ts";

const allButLast = (x: Tensor): number[] => x.shape.map((_, axis) => axis).slice(0, -1);
const positions = (): number[] => [1, 2];

/** Gradients of the fused normalisations. */
export const normalizationGradients: readonly GradConfig[] = [
  gradientOf(fusedKernels.batchNorm, batchGradients, allButLast, true),
  gradientOf(fusedKernels.batchNormUnscaled, batchGradients, allButLast, false),
  gradientOf(fusedKernels.instanceNorm, instanceGradients, positions, true),
  gradientOf(fusedKernels.instanceNormUnscaled, instanceGradients, positions, false),
];

/**
 * The fused gradient, unless it is to be differentiated itself or somebody differentiates the statistics: then the
 * same by operations that have gradients, from x alone.
 */
function gradientOf(
  kernelName: string,
  fused: typeof batchGradients,
  axesOf: (x: Tensor) => number[],
  isScaled: boolean,
): GradConfig {
  return {
    kernelName,
    inputsToSave: isScaled ? ["x", "scale"] : ["x"],
    outputsToSave: [false, true, true],
    gradFunc: (dys, saved, attributes) => {
      const [dy, dMean, dVariance] = dys as Tensor[] as [Tensor, Tensor, Tensor];
      const x = saved[0]!;
      const scale = isScaled ? saved[1]! : null;
      const [average, variance] = saved.slice(-2) as [Tensor, Tensor];
      const { epsilon } = attributes as unknown as { epsilon: number };
      const isPlain = isRecording() || !isUntouched(dMean) || !isUntouched(dVariance);
      const [dx, dScale, dOffset] = isPlain
        ? plainGradients(dy, dMean, dVariance, x, scale, axesOf(x), epsilon)
        : fused(nativeOperations(engine().backend), dy, x, scale, average, variance, epsilon);
      return { x: () => dx, scale: () => dScale, offset: () => dOffset };
    },
  };
}

/** Whether a gradient is the array of zeros that tfjs makes for an output that nothing depends on. */
function isUntouched(gradient: Tensor): boolean {
  const { values } = nativeOperations(engine().backend).backend.tensorMap.get(gradient.dataId);
  return values?.every((value) => value === 0) ?? false;
}

/**
 * With n values to a statistic, c = x - mean, r = 1 / sqrt(variance + epsilon) and g = dy * scale:
 *
 *   dx = r (g - mean(g) - c r^2 mean(g c)) + dMean / n + 2 c dVariance / n,  dscale = sum(dy c r),  doffset = sum(dy)
 */
function plainGradients(
  dy: Tensor,
  dMean: Tensor,
  dVariance: Tensor,
  x: Tensor,
  scale: Tensor | null,
  axes: number[],
  epsilon: number,
): NormalizationGradients {
  const average = mean(x, axes, true);
  const count = x.size / average.size;
  const centered = sub(x, average);
  const inverse = rsqrt(add(mean(square(centered), axes, true), epsilon));
  const g = scale === null ? dy : mul(dy, scale);
  const slope = mul(square(inverse), mean(mul(g, centered), axes, true));
  const direct = mul(inverse, sub(sub(g, mean(g, axes, true)), mul(centered, slope)));
  const ofStatistics = mul(
    1 / count,
    add(reshape(dMean, average.shape), mul(mul(2, centered), reshape(dVariance, average.shape))),
  );
  const others = x.shape.map((_, axis) => axis).slice(0, -1);
  return [add(direct, ofStatistics), sum(mul(dy, mul(centered, inverse)), others), sum(dy, others)];
}
