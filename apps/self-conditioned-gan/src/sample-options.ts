import { type AppDefinition, UsageError } from "@divgen/experiment";
import { z } from "zod";
import type { Config } from "./config.ts";

const count = z.coerce.number().int().min(1);

/** Options of `sample`: rows of clusters unless one of the others is asked for. */
export const sampleOptions = z.strictObject({
  clusters: count.optional().describe("clusters to make samples of, the largest first; 10 if not given"),
  count: count.optional().describe("samples of each; 8 if not given"),
  seed: z.coerce.number().int().min(0).default(0).describe("of the first sample; the next ones count on"),
  byMass: count.optional().describe("instead: so many samples, clusters drawn by their masses, as numbered files"),
  invert: count
    .optional()
    .describe("instead: training images to find again in the generator; images that are named are found without it"),
  against: z.string().optional().describe("finding images: another run on the same data to find them in as well"),
  encoderSteps: count.default(2000).describe("finding images: steps of training the encoder"),
  inversionSteps: z.coerce.number().int().min(0).default(300).describe("finding images: steps on the latents"),
  classCandidates: count.default(1).describe("finding images: likeliest classes to try"),
});

/** What `sample` was given. */
export type SampleOptions = z.infer<typeof sampleOptions>;

/** Options that only say how images are found again. */
export const sampleOptionNeeds: NonNullable<AppDefinition<Config, object, SampleOptions>["sampleOptionNeeds"]> = {
  against: ["invert", "inputs"],
  encoderSteps: ["invert", "inputs"],
  inversionSteps: ["invert", "inputs"],
  classCandidates: ["invert", "inputs"],
};

/**
 * What `sample` is asked for: rows of clusters, samples by mass, or images to find again.
 *
 * @param inputs - files or folders named beside the options.
 * @throws UsageError for more than one of these, or options of another one.
 */
export function sampleKindOf(
  { clusters, count, byMass, invert }: SampleOptions,
  inputs: readonly string[],
): "rows" | "by-mass" | "inversion" {
  const asked = [
    ...(byMass === undefined ? [] : ["--by-mass"]),
    ...(invert === undefined ? [] : ["--invert"]),
    ...(inputs.length === 0 ? [] : [`the file ${inputs[0]} to find again`]),
  ];
  const ofRows = [...(clusters === undefined ? [] : ["--clusters"]), ...(count === undefined ? [] : ["--count"])];
  const [first, second] = [...asked, ...ofRows];
  if (asked.length > 0 && second !== undefined) {
    throw new UsageError(`sample: expected either ${first} or ${second}, got both; leave one out`);
  }
  if (asked.length === 0) return "rows";
  return byMass === undefined ? "inversion" : "by-mass";
}
