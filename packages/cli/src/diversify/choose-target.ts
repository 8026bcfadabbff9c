import { DataError } from "@divgen/core-tensors";
import { UsageError } from "@divgen/experiment";
import {
  empiricalTarget,
  type GaussianComponent,
  gaussianMixture,
  standardNormal,
  type Target,
  uniformCube,
  uniformSphere,
} from "@divgen/sampler-diverse";
import { asData, isObject, numbersOf, type PointsDocument, pointsOf, readPointsDocument } from "./json-points.ts";

/**
 * The distribution that `--target` names: normal, sphere[:RADIUS], cube[:MINIMUM,MAXIMUM], or a JSON file with
 * "components" (a mixture of Gaussians: "mean", and "standardDeviation" or "covariance", and "weight") or with "points"
 * (and "weights").
 *
 * @param latentSize - needed by the named ones; files know it themselves.
 * @throws UsageError for a target that is none, or a latent size that is missing or another than the file's; DataError
 *   for a file that cannot be used.
 */
export async function chooseTarget(text: string, latentSize: number | undefined): Promise<Target> {
  const [name, ...rest] = text.split(":");
  const numbers = rest.join(":");
  if (name === "normal" && rest.length === 0) return standardNormal(needed(latentSize, text));
  if (name === "sphere") {
    const options = rest.length === 0 ? {} : { radius: numberOf(numbers, text) };
    return uniformSphere(needed(latentSize, text), options);
  }
  if (name === "cube") {
    if (rest.length === 0) return uniformCube(needed(latentSize, text));
    const ends = numbers.split(",");
    if (ends.length !== 2) throw new UsageError(`--target: expected cube:MINIMUM,MAXIMUM, got "${text}"`);
    const [minimum, maximum] = ends.map((end) => numberOf(end, text)) as [number, number];
    return uniformCube(needed(latentSize, text), { minimum, maximum });
  }
  if (!text.endsWith(".json")) {
    throw new UsageError(
      `--target: expected normal, sphere[:RADIUS], cube[:MINIMUM,MAXIMUM] or a .json file, got "${text}"`,
    );
  }
  const target = targetOf(await readPointsDocument(text), text);
  if (latentSize !== undefined && latentSize !== target.dimension) {
    throw new UsageError(`--latent-size: expected ${target.dimension} as in ${text}, or nothing, got ${latentSize}`);
  }
  return target;
}

function targetOf(document: PointsDocument, path: string): Target {
  const components = isObject(document) ? document["components"] : undefined;
  if (components === undefined) {
    const weights = numbersOf(document, "weights", path);
    const points = pointsOf(document, path);
    return asData(() => empiricalTarget(points, weights === undefined ? {} : { weights }));
  }
  if (!Array.isArray(components) || components.length === 0) {
    throw new DataError(`${path}: components: expected a list of Gaussians`);
  }
  return asData(() => gaussianMixture(components.map((component, index) => componentOf(component, index, path))));
}

/** Covariances may be rows; which numbers may stand where is checked by the mixture itself. */
function componentOf(component: unknown, index: number, path: string): GaussianComponent {
  const parts = Object.entries((component ?? {}) as object).map(([name, value]) => {
    const values: unknown[] = [value].flat(2);
    // JSON has no NaN: what stands for it would become 0.
    if (values.every((entry) => typeof entry === "number")) return [name, Array.isArray(value) ? values : value];
    const received = JSON.stringify(value);
    throw new DataError(`${path}: components[${index}].${name}: expected numbers, got ${received}`);
  });
  const checked = Object.fromEntries(parts) as unknown as GaussianComponent;
  if (checked.mean === undefined) throw new DataError(`${path}: components[${index}]: expected a "mean", got none`);
  return checked;
}

function needed(latentSize: number | undefined, text: string): number {
  if (latentSize === undefined) throw new UsageError(`--latent-size: expected the numbers of a latent for ${text}`);
  return latentSize;
}

function numberOf(text: string, whole: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) throw new UsageError(`--target: expected a number in "${whole}", got "${text}"`);
  return value;
}
