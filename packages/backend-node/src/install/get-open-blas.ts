import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type DownloadRequirementOptions, downloadRequirement } from "./download-requirement.ts";
import type { EnginePlatform } from "./engine-platform.ts";
import { findPip } from "./find-pip.ts";
import { InstallError } from "./install-error.ts";

/** OpenBLAS as scipy's developers build it: one library that needs nothing but the C library. */
export const openBlasRequirement = "scipy-openblas32==0.3.34.*";

/** Entry of the wheel that is needed; it lies at the same place in the engine's folder. */
export const openBlasLibrary: RegExp = /^scipy_openblas32\/lib\/libscipy_openblas\.(so|dylib)$/;

/** What is needed to get OpenBLAS. */
export interface GetOpenBlasOptions extends DownloadRequirementOptions {
  /** A TensorFlow wheel on disk: then OpenBLAS is taken from the same folder, and nothing is asked of the network. */
  readonly from: string | undefined;
}

/**
 * Gets the wheel of OpenBLAS onto this disk. The engine works without it, with slower float64 linear algebra and slower
 * products of small matrices: what stands in the way is told and is no reason to fail.
 *
 * @returns the wheel's path, or undefined.
 * @throws InstallError of kind "interrupted" only.
 */
export async function getOpenBlas(options: GetOpenBlasOptions): Promise<string | undefined> {
  const { from, platform, environment, signal, onProgress } = options;
  const without = (reason: string): undefined => {
    onProgress({ step: "find", message: `going on without OpenBLAS: ${reason}` });
  };
  if (from !== undefined) {
    const beside = await findBeside(dirname(from), platform);
    return beside ?? without(`there is no scipy_openblas32 wheel beside ${from}`);
  }
  try {
    const pip = await findPip(platform, environment, signal);
    return await downloadRequirement(openBlasRequirement, pip, options);
  } catch (error) {
    if (signal?.aborted || !(error instanceof InstallError)) throw error;
    return without(error.message);
  }
}

async function findBeside(folder: string, platform: EnginePlatform): Promise<string | undefined> {
  const machine = { x64: "x86_64", arm64: platform.facts.platform === "darwin" ? "arm64" : "aarch64" };
  const suffix = `_${machine[platform.facts.architecture as "x64" | "arm64"]}.whl`;
  const files = existsSync(folder) ? await readdir(folder) : [];
  const fitting = files.filter((name) => name.startsWith("scipy_openblas32-") && name.endsWith(suffix));
  const newest = fitting.sort((first, second) => second.localeCompare(first, "en", { numeric: true }))[0];
  return newest === undefined ? undefined : join(folder, newest);
}
