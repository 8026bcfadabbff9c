import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type InstalledEngine, isCurrentEngine } from "./engine-folder.ts";
import { openBlasLibrary } from "./get-open-blas.ts";

/** Whether a native engine has OpenBLAS for matrix products and float64 linear algebra. */
export interface OpenBlasState {
  /** Whether it is in use, or will be once the engine is. */
  readonly isUsed: boolean;
  /** Of the library beside the binding, such as "0.3.34.481.3"; null where there is none or it does not say. */
  readonly version: string | null;
  /** Why it is not used and what that costs; null where it is. */
  readonly problem: string | null;
  /** The command that mends it; null where nothing is amiss. */
  readonly remedy: string | null;
}

/** What its absence costs, measured beside the same engine with it, on one thread (BENCHMARKS.md). */
const COST =
  "the engine works, but a Frechet distance takes 1.8 times as long, a covariance of 2,048 features 2.4 times, k-means 1.3 times, and matrix products of small networks stay on one core";

/**
 * What of OpenBLAS lies beside an installed engine's binding.
 *
 * @param isLoaded - whether the binding, loaded in this process, calls it; without, what the files promise.
 */
export function openBlasOfEngine(engine: InstalledEngine, isLoaded?: boolean): OpenBlasState {
  const library = engine.manifest.files.find(({ name }) => openBlasLibrary.test(name));
  const version = library === undefined ? null : openBlasVersion(join(engine.folder, library.name));
  if (isLoaded ?? (library !== undefined && isCurrentEngine(engine))) {
    return { isUsed: true, version, problem: null, remedy: null };
  }
  if (!isCurrentEngine(engine)) {
    return missing(
      version,
      "the engine is of an earlier version of divgen, which does not use it",
      "divgen engine install",
    );
  }
  const problem = library === undefined ? "it does not lie beside the engine" : "it lies there but cannot be loaded";
  return missing(version, problem, "divgen engine install --force");
}

/** The state of a binding that divgen did not compile, which knows nothing of OpenBLAS. */
export function openBlasOfForeignBinding(): OpenBlasState {
  return missing(null, "tfjs-node's own binding cannot use it", "divgen engine install");
}

function missing(version: string | null, problem: string, remedy: string): OpenBlasState {
  return { isUsed: false, version, problem: `${problem}: ${COST}`, remedy };
}

/** The version that the library's own text has: "OpenBLAS 0.3.34.481.3 ...". */
function openBlasVersion(path: string): string | null {
  const bytes = readFileSync(path);
  for (let at = bytes.indexOf("OpenBLAS "); at >= 0; at = bytes.indexOf("OpenBLAS ", at + 1)) {
    const version = /^OpenBLAS (\d+(?:\.\d+)+)/.exec(bytes.toString("latin1", at, at + 40))?.[1];
    if (version !== undefined) return version;
  }
  return null;
}
