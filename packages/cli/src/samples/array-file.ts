import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { DataError } from "@divgen/core-tensors";
import { statisticsFromArrays } from "@divgen/metrics";
import { readNpy, readNpz, WeightFileError, type WeightTensor } from "@divgen/weight-files";
import { ORIGIN_ARRAY, originFromArray } from "./feature-origin.ts";
import { imageArray, isImageArray } from "./image-array.ts";
import type { FeatureSamples, SampleSet, StatisticsSamples } from "./sample-set.ts";

/** What arrays may be, for messages. */
const KINDS = "uint8 images [n, height, width, 1 or 3], float features [n, feature], or statistics (mu, sigma)";

/**
 * Reads images, features or statistics from an `.npy` or `.npz` file.
 *
 * @throws DataError for a damaged file, one that holds nothing of these, several of them, or numbers that are not finite.
 */
export async function readSampleArrays(path: string): Promise<SampleSet> {
  const { arrays, sha256 } = await readArrayFile(path);
  const origin = originOf(arrays, path);
  if (arrays.has("mu") || arrays.has("sigma")) return statisticsSamples(path, arrays, sha256, origin);
  const [name, array] = chooseArray(path, arrays);
  if (isImageArray(array)) return imageArray(path, array, sha256);
  const label = name === "" ? path : `${path}, array "${name}"`;
  const features = { values: floatValues(array)!, rows: array.shape[0]!, columns: array.shape[1]! };
  if (features.rows === 0 || features.columns === 0) {
    throw new DataError(`${label}: expected feature vectors, got an array of shape [${array.shape.join(", ")}].`);
  }
  assertFinite(label, features);
  return { kind: "features", path, features, sha256, ...(origin === undefined ? {} : { origin }) };
}

/**
 * The arrays of an `.npz` file by name, or the one of an `.npy` file under "".
 *
 * @throws DataError for a file that cannot be read or is damaged.
 */
export async function readArrayFile(
  path: string,
): Promise<{ readonly arrays: Map<string, WeightTensor>; readonly sha256: string }> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason = code === "ENOENT" ? "there is no such file" : (error as Error).message;
    throw new DataError(`${path}: cannot be read: ${reason}`, { cause: error });
  }
  try {
    const arrays = extname(path).toLowerCase() === ".npy" ? new Map([["", readNpy(bytes)]]) : readNpz(bytes);
    return { arrays, sha256: createHash("sha256").update(bytes).digest("hex") };
  } catch (error) {
    if (!(error instanceof WeightFileError)) throw error;
    throw new DataError(`${path}: ${error.message}`, { cause: error });
  }
}

function originOf(arrays: ReadonlyMap<string, WeightTensor>, path: string): FeatureSamples["origin"] {
  const array = arrays.get(ORIGIN_ARRAY);
  return array === undefined ? undefined : originFromArray(array, path);
}

function statisticsSamples(
  path: string,
  arrays: ReadonlyMap<string, WeightTensor>,
  sha256: string,
  origin: FeatureSamples["origin"],
): StatisticsSamples {
  try {
    const statistics = statisticsFromArrays(arrays);
    for (const values of [statistics.mean, statistics.covariance]) {
      const bad = values.find((value) => !Number.isFinite(value));
      if (bad !== undefined) throw new RangeError(`expected finite statistics, got ${bad}`);
    }
    if (!(statistics.count >= 2)) throw new RangeError(`n: expected at least 2 samples, got ${statistics.count}`);
    return { kind: "statistics", path, statistics, sha256, ...(origin === undefined ? {} : { origin }) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new DataError(`${path}: ${error.message}`, { cause: error });
  }
}

/** The array that holds the samples: "features", the only one that can, or numpy's first, "arr_0". */
function chooseArray(path: string, arrays: ReadonlyMap<string, WeightTensor>): [string, WeightTensor] {
  const usable = [...arrays].filter(([, array]) => isImageArray(array) || isFeatureArray(array));
  const chosen = usable.length === 1 ? usable[0] : usable.find(([name]) => name === "features" || name === "arr_0");
  if (chosen !== undefined) return chosen;
  const found = [...arrays].map(
    ([name, { dtype, shape }]) => `${name}${name === "" ? "" : ": "}${dtype} [${shape.join(", ")}]`,
  );
  const problem = usable.length === 0 ? "got" : "got several of them and none named features or arr_0:";
  throw new DataError(`${path}: expected ${KINDS}, ${problem} ${found.join("; ") || "no array"}.`);
}

function isFeatureArray(array: WeightTensor): boolean {
  return array.shape.length === 2 && floatValues(array) !== undefined;
}

function floatValues({ values }: WeightTensor): Float32Array | Float64Array | undefined {
  return values instanceof Float32Array || values instanceof Float64Array ? values : undefined;
}

function assertFinite(label: string, { values, columns }: FeatureSamples["features"]): void {
  const index = values.findIndex((value) => !Number.isFinite(value));
  if (index < 0) return;
  throw new DataError(
    `${label}: expected finite features, got ${values[index]} in row ${Math.floor(index / columns)}, column ${index % columns}. Leave such rows out, or mend what made them.`,
  );
}
