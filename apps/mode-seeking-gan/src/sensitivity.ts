import type { FeatureExtractor } from "@divgen/core-tensors";
import { perceptualLayers } from "@divgen/evaluation";
import type { LoggedMetric, MetricRecord, Report } from "@divgen/experiment";
import { perceptualImageDistances } from "@divgen/feature-extractors";
import { l1Loss, modeSeekingRatio } from "@divgen/losses";
import type { RandomKey } from "@divgen/random";
import { dispose, div, mean, type Scalar, tidy } from "@tensorflow/tfjs-core";
import { drawNoise } from "./noise.ts";
import type { Task } from "./task.ts";

/** Contexts looked at, and pairs of latents for each. */
const CONTEXTS = 4;
const PAIRS = 4;

/** Mean distance of two standard normal numbers, which stands for mean|dz| where there are no latents. */
const NORMAL_DISTANCE = 2 / Math.sqrt(Math.PI);

/** Below this ratio images hardly change with the noise: a pixel in [-1, 1] moves by less than two grey levels. */
const IGNORED = 0.015;

/** How much images of fixed contexts change with fixed latents: the curves that show early whether noise is ignored. */
export type Sensitivity = readonly Omit<MetricRecord, "step">[];

/**
 * Measures, on the same contexts and latents each time, the mode-seeking ratio mean|dI| / mean|dz| and the perceptual
 * distance of images from unlike latents. Where the noise is dropout, mean|dz| is that of normal latents.
 */
export async function measureSensitivity(
  task: Task,
  extractor: FeatureExtractor,
  key: RandomKey,
): Promise<Sensitivity> {
  const contexts = Math.min(CONTEXTS, task.contextCount);
  let ratio = 0;
  let distance = 0;
  for (let context = 0; context < contexts; context++) {
    const drawSide = (side: 1 | 2) => drawNoise(key.fold(context).split(`side-${side}`), PAIRS, task.latentSize);
    const noise = [drawSide(1), drawSide(2)] as const;
    const latents = [noise[0].latents, noise[1].latents] as const;
    const images = [await task.generate(context, noise[0]), await task.generate(context, noise[1])] as const;
    const ratioTensor =
      task.latentSize === 0
        ? tidy(() => div(l1Loss(...images), NORMAL_DISTANCE) as Scalar)
        : modeSeekingRatio(...images, ...latents);
    const distances = perceptualImageDistances(extractor, perceptualLayers(extractor), ...images);
    const meanDistance = mean(distances);
    ratio += (await ratioTensor.data())[0]! / contexts;
    distance += (await meanDistance.data())[0]! / contexts;
    dispose([...latents, ...images, ratioTensor, distances, meanDistance]);
  }
  const n = contexts * PAIRS;
  const { name, weightHash, resizeRule } = extractor;
  return [
    { metric: "latent-ratio", value: ratio, n, higherIsBetter: true, extractor: "pixels" },
    {
      metric: "latent-perceptual-distance",
      value: distance,
      n,
      higherIsBetter: true,
      extractor: name,
      extractorHash: weightHash,
      resizeRule,
    },
  ];
}

/** What to tell a user whose generator ignores its noise; undefined where it does not. */
export function ignoredNoiseWarning(sensitivity: Sensitivity, step: number): string | undefined {
  const { value } = sensitivity[0]!;
  if (value >= IGNORED) return undefined;
  return `step ${step}: images hardly change with the noise (mode-seeking ratio ${value.toFixed(4)}); raise training.modeSeekingWeight, or choose method mode-seeking`;
}

/** Adds the curves of one or more runs. */
export function addSensitivity(
  report: Report,
  runs: readonly { readonly name: string; readonly metrics: readonly LoggedMetric[] }[],
): Report {
  const curves = (metric: string) =>
    runs.map(({ name, metrics }) => ({
      name,
      points: metrics
        .filter((line) => line.metric === metric && line.value !== null)
        .map((line) => [line.step, line.value!] as const),
    }));
  return report
    .linePlot({
      caption:
        "How far images move with the noise: mean|dI| / mean|dz| on fixed inputs and latents. Near 0 the noise is ignored.",
      xTitle: "step",
      yTitle: "ratio",
      logarithmic: true,
      series: curves("latent-ratio"),
    })
    .linePlot({
      caption: "Perceptual distance between images of one input from unlike fixed latents.",
      xTitle: "step",
      yTitle: "distance",
      series: curves("latent-perceptual-distance"),
    });
}
