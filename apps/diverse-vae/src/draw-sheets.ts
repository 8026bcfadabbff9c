import type { RandomKey } from "@divgen/random";
import {
  createSampler,
  drawDiverse,
  type Points,
  squaredDistanceToTarget,
  standardNormal,
  type Target,
} from "@divgen/sampler-diverse";

/** Latents that belong together: what one user asks for at once. */
export interface Sheet {
  /** [together, latentSize]. */
  readonly latents: Points<Float64Array>;
  /** Exact squared kernel distance to N(0, I). */
  readonly squaredDistance: number;
}

/**
 * Sheets of latents by a method of `@divgen/sampler-diverse`.
 *
 * @param key - sheet i is drawn by `key.fold(i)`.
 */
export function drawSheets(
  key: RandomKey,
  sampler: string,
  { latentSize, together, draws }: { readonly latentSize: number; readonly together: number; readonly draws: number },
): Sheet[] {
  const target = standardNormal(latentSize);
  const method = createSampler(sampler);
  return Array.from({ length: draws }, (_, draw) => {
    const sample = drawDiverse(target, together, { key: key.fold(draw), sampler: method });
    return { latents: sample.points, squaredDistance: sample.squaredDistance! };
  });
}

/**
 * For each sheet as many latents again, unlike its own: drawn without regard to it ("iid"), or to stay away from it. A
 * sheet is returned with both halves, its own first.
 */
export function drawMore(key: RandomKey, sampler: string, sheets: readonly Sheet[]): Sheet[] {
  const { columns, rows } = sheets[0]!.latents;
  const target: Target = standardNormal(columns);
  const method = createSampler(sampler);
  return sheets.map(({ latents }, draw) => {
    const options = { key: key.fold(draw), sampler: method, measure: false };
    const more = drawDiverse(target, rows, sampler === "iid" ? options : { ...options, avoid: { points: latents } });
    const values = new Float64Array(2 * rows * columns);
    values.set(latents.values);
    values.set(more.points.values, rows * columns);
    const both = { values, rows: 2 * rows, columns };
    return { latents: both, squaredDistance: squaredDistanceToTarget({ points: both }, target) };
  });
}
