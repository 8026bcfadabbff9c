import { z } from "zod";
import type { AppDefinition } from "../src/index.ts";

interface ExampleConfig {
  readonly seed: number;
  readonly method: "plain" | "cluster";
  readonly training: {
    readonly steps: number;
    readonly batchSize: number;
    readonly learningRate: number;
    readonly betas: readonly number[];
    readonly note?: string | undefined;
  };
  readonly data: { readonly folder: string; readonly limit: number | null };
}

/** A small app definition for tests of the command line. */
export function exampleApp(
  runsFolder: string,
): AppDefinition<
  ExampleConfig,
  { compare: boolean; labelFolder?: string | undefined },
  { cluster?: number | undefined; count: number }
> {
  const schema: z.ZodType<ExampleConfig> = z.strictObject({
    seed: z.int().min(0),
    method: z.enum(["plain", "cluster"]),
    training: z.strictObject({
      steps: z.int().min(1),
      batchSize: z.int().min(1),
      learningRate: z.number().positive(),
      betas: z.array(z.number()).readonly(),
      note: z.string().optional(),
    }),
    data: z.strictObject({ folder: z.string(), limit: z.int().nullable() }),
  });
  const demo: ExampleConfig = {
    seed: 0,
    method: "cluster",
    training: { steps: 10, batchSize: 4, learningRate: 0.001, betas: [0.5, 0.999] },
    data: { folder: "a", limit: null },
  };
  return {
    name: "example",
    description: "An example.",
    schema,
    presets: { demo, paper: { ...demo, training: { ...demo.training, steps: 1000 } } },
    defaultPreset: "demo",
    engines: ["native", "wasm", "cpu"],
    trainOptions: z.strictObject({
      compare: z.boolean().default(false).describe("train all methods"),
      labelFolder: z.string().optional().describe("label images"),
    }),
    sampleOptions: z.strictObject({ cluster: z.int().min(0).optional(), count: z.int().min(1).default(8) }),
    runsFolder,
  };
}
