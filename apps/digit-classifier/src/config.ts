import { z } from "zod";

/** All that decides a training run of the classifier. */
export const configSchema = z.strictObject({
  seed: z.int().min(0),
  epochs: z.number().positive(),
  batchSize: z.int().min(1),
  /** Highest rate of the one-cycle schedule. */
  learningRate: z.number().positive(),
  labelSmoothing: z.number().min(0).max(0.5),
  /** Farthest random shift of a training digit, in pixels. */
  largestShift: z.int().min(0).max(4),
  /** Training digits to use, the first ones; all 60,000 unless a smoke test asks for fewer. */
  trainCount: z.int().min(1).max(60_000),
});
export type Config = z.infer<typeof configSchema>;

/** The run that the committed weights come from. */
export const published: Config = {
  seed: 11,
  epochs: 6,
  batchSize: 100,
  learningRate: 4e-3,
  labelSmoothing: 0.05,
  largestShift: 2,
  trainCount: 60_000,
};
