import { type ArrayWithShape, asFloat32, WeightFileError } from "@divgen/weight-files";

/** Weights by name and what identifies them: what `readWeightFile` of `@divgen/weight-files` gives. */
export interface NetworkWeights {
  readonly tensors: ReadonlyMap<string, ArrayWithShape>;
  /** Of the file they come from, in hexadecimal; goes into the provenance of every number. */
  readonly sha256: string;
}

/** Weights that do not fit the network they are meant for. The message lists every difference. */
export class WeightMismatchError extends WeightFileError {
  /** Names that the network needs and the file lacks. */
  readonly missing: readonly string[];
  /** Names in the file that the network does not know. */
  readonly unexpected: readonly string[];
  /** Names whose shapes differ, with both shapes. */
  readonly misshapen: readonly string[];

  constructor(
    network: string,
    missing: readonly string[],
    unexpected: readonly string[],
    misshapen: readonly string[],
  ) {
    const parts = [
      listed("missing", missing),
      listed("unexpected", unexpected),
      listed("of another shape", misshapen),
    ].filter((part) => part !== "");
    super(`weights do not fit ${network}: ${parts.join("; ")}`);
    this.missing = missing;
    this.unexpected = unexpected;
    this.misshapen = misshapen;
  }
}

/** Hands out weights by name and notes everything that does not fit, so that one error can say it all. */
export interface WeightLookup {
  /** The values under a name; zeros where they are missing or of another shape (`finish` will throw). */
  take(name: string, shape: readonly number[]): Float32Array<ArrayBuffer>;
  /** Whether the file has the name. */
  has(name: string): boolean;
  /**
   * Ends the lookup.
   *
   * @param isIgnored - names that may be left over, such as those of a classifier.
   * @throws WeightMismatchError if a weight was missing or misshapen, or another one is left over.
   */
  finish(isIgnored: (name: string) => boolean): void;
}

/** @param network - name for the message. */
export function lookUpWeights({ tensors }: NetworkWeights, network: string): WeightLookup {
  const taken = new Set<string>();
  const missing: string[] = [];
  const misshapen: string[] = [];
  return {
    take: (name, shape) => {
      taken.add(name);
      const tensor = tensors.get(name);
      const size = shape.reduce((product, dimension) => product * dimension, 1);
      if (tensor === undefined) {
        missing.push(name);
        return new Float32Array(size);
      }
      if (tensor.shape.length !== shape.length || tensor.shape.some((length, axis) => length !== shape[axis])) {
        misshapen.push(`${name} (expected [${shape.join(", ")}], got [${tensor.shape.join(", ")}])`);
        return new Float32Array(size);
      }
      return asFloat32(tensor);
    },
    has: (name) => tensors.has(name),
    finish: (isIgnored) => {
      const unexpected = [...tensors.keys()].filter((name) => !taken.has(name) && !isIgnored(name));
      if (missing.length + misshapen.length + unexpected.length > 0) {
        throw new WeightMismatchError(network, missing, unexpected, misshapen);
      }
    },
  };
}

function listed(what: string, names: readonly string[]): string {
  if (names.length === 0) return "";
  const shown = names.slice(0, 12).join(", ");
  return `${names.length} ${what}: ${shown}${names.length > 12 ? ", ..." : ""}`;
}
