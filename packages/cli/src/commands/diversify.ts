import { join } from "node:path";
import { engineNames, selectEngine } from "@divgen/backend-node";
import { DataError } from "@divgen/core-tensors";
import { UsageError } from "@divgen/experiment";
import { randomKey } from "@divgen/random";
import {
  type AvoidedPoints,
  type DiverseSample,
  drawDiverse,
  forgettingWeights,
  samplerNames,
} from "@divgen/sampler-diverse";
import { Command } from "commander";
import type { CommandOutput } from "../command-output.ts";
import { chooseSampler } from "../diversify/choose-sampler.ts";
import { chooseTarget } from "../diversify/choose-target.ts";
import { numbersOf, pointsOf, readPointsDocument } from "../diversify/json-points.ts";
import { type OpenedGenerator, openGenerator } from "../diversify/open-generator.ts";
import { writeImages } from "../diversify/write-images.ts";
import { parseEngine } from "../extraction/choose-extractor.ts";

interface DiversifyFlags {
  readonly generator: string;
  readonly output?: string;
  readonly engine?: string;
  readonly latentSize?: string;
  readonly count: string;
  readonly target: string;
  readonly method: string;
  readonly avoid?: string;
  readonly forget?: string;
  readonly seed: string;
  readonly restarts?: string;
  readonly iterations?: string;
  readonly smoothing?: string;
  readonly trainWeights?: boolean;
  readonly json?: boolean;
}

/** `divgen diversify`: latents that represent their distribution together, and stay away from old ones. */
export function createDiversifyCommand(output: CommandOutput): Command {
  return new Command("diversify")
    .description("draw latents together, so that they cover their distribution and do not repeat")
    .requiredOption("--count <number>", "how many to draw")
    .option("--latent-size <number>", "numbers of a latent; a target file knows it itself")
    .option(
      "--generator <run>",
      "directory of a run whose generator makes images of the latents; none: only print them",
      "none",
    )
    .option("--output <folder>", "for the images (default: diverse-SEED in the run)")
    .option("--engine <name>", `auto, ${engineNames.join(", ")}`)
    .option(
      "--target <target>",
      'normal, sphere[:RADIUS], cube[:MINIMUM,MAXIMUM], or a JSON file with "components" or "points"',
      "normal",
    )
    .option("--method <name>", samplerNames.join(", "), "exact")
    .option("--avoid <file>", "stay away from the points of this JSON file (rows, or an earlier --json)")
    .option("--forget <points>", "half-life of avoided points, the last one newest; none for none")
    .option("--seed <number>", "the same seed gives the same latents", "0")
    .option("--restarts <number>", "starts of which the best result counts")
    .option("--iterations <number>", "most iterations of each start")
    .option("--smoothing <number>", "a of the kernel sqrt(|x|^2 + a^2) - a")
    .option("--train-weights", "give the latents unequal weights")
    .option("--json", "print everything as JSON")
    .action(async (flags: DiversifyFlags) => {
      const count = wholeNumber(flags.count, "--count", 1);
      const seed = wholeNumber(flags.seed, "--seed", 0);
      const latentSize = flags.latentSize === undefined ? undefined : wholeNumber(flags.latentSize, "--latent-size", 1);
      const avoid = flags.avoid === undefined ? undefined : await readAvoided(flags.avoid, flags.forget);
      if (flags.forget !== undefined && avoid === undefined) throw new UsageError("--forget: needs --avoid");
      const settings = {
        restarts: flags.restarts === undefined ? undefined : wholeNumber(flags.restarts, "--restarts", 1),
        iterations: flags.iterations === undefined ? undefined : wholeNumber(flags.iterations, "--iterations", 1),
        smoothing: flags.smoothing === undefined ? undefined : number(flags.smoothing, "--smoothing"),
        trainWeights: flags.trainWeights,
      };
      const generator = flags.generator === "none" ? undefined : await startGenerator(flags);
      if (generator !== undefined && latentSize !== undefined && latentSize !== generator.latentSize) {
        throw new UsageError(
          `--latent-size: expected ${generator.latentSize} as in the run, or nothing, got ${latentSize}`,
        );
      }
      const { sample, target } = await asUsage(async () => {
        const sampler = chooseSampler(flags.method, settings);
        const target = await chooseTarget(flags.target, generator?.latentSize ?? latentSize);
        const options = { key: randomKey(seed), sampler, ...(avoid === undefined ? {} : { avoid }) };
        return { sample: drawDiverse(target, count, options), target };
      });
      let images: string[] | undefined;
      if (generator !== undefined) {
        const folder = flags.output ?? join(flags.generator, `diverse-${seed}`);
        images = await writeImages(generator, sample.points, folder);
        generator.dispose();
      }
      const rows = rowsOf(sample);
      if (flags.json) {
        const { method, squaredDistance, iterations, converged, weights } = sample;
        output.result(
          JSON.stringify({
            ...{ target: target.name, method, seed, count, latentSize: target.dimension },
            avoided: avoid?.points.rows ?? 0,
            squaredDistance: squaredDistance ?? null,
            ...{ iterations, converged, weights: Array.from(weights), points: rows },
            ...(images === undefined ? {} : { images }),
          }),
        );
        return;
      }
      output.note(describeSample(sample, target.name));
      if (images !== undefined) {
        for (const path of images) output.result(path);
        return;
      }
      rows.forEach((row, index) => {
        output.result((flags.trainWeights ? [sample.weights[index]!, ...row] : row).join("\t"));
      });
    });
}

/** Selects an engine and opens the run's generator on it. */
async function startGenerator({ generator, engine }: DiversifyFlags): Promise<OpenedGenerator> {
  await selectEngine(parseEngine(engine), { allowCpu: true });
  return openGenerator(generator);
}

/** @throws UsageError for RangeErrors: options that the library refuses. */
async function asUsage<Result>(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(`diversify: ${error.message}`, { cause: error });
  }
}

async function readAvoided(path: string, forget: string | undefined): Promise<AvoidedPoints> {
  const document = await readPointsDocument(path);
  const points = pointsOf(document, path);
  const weights = numbersOf(document, "forgettingWeights", path);
  if (forget === undefined) return weights === undefined ? { points } : { points, weights };
  if (weights !== undefined) throw new DataError(`${path}: has "forgettingWeights", which --forget would replace`);
  const halfLife = forget === "none" ? Number.POSITIVE_INFINITY : number(forget, "--forget");
  if (!(halfLife > 0)) throw new UsageError(`--forget: expected a number > 0 or none, got "${forget}"`);
  return { points, weights: forgettingWeights(points.rows, halfLife) };
}

function rowsOf({ points: { values, rows, columns } }: DiverseSample): number[][] {
  return Array.from({ length: rows }, (_, row) => Array.from(values.subarray(row * columns, (row + 1) * columns)));
}

function describeSample(
  { points, method, squaredDistance, iterations, converged }: DiverseSample,
  target: string,
): string {
  const distance = squaredDistance === undefined ? "" : `, squared distance ${squaredDistance.toPrecision(6)}`;
  const course = iterations === 0 ? "" : `, ${iterations} iterations${converged ? "" : " (not converged)"}`;
  return `${points.rows} points for ${target} by ${method}${distance}${course}`;
}

function number(text: string, flag: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) throw new UsageError(`${flag}: expected a number, got "${text}"`);
  return value;
}

function wholeNumber(text: string, flag: string, least: number): number {
  const value = number(text, flag);
  if (!Number.isSafeInteger(value) || value < least) {
    throw new UsageError(`${flag}: expected an integer >= ${least}, got "${text}"`);
  }
  return value;
}
