import { basename } from "node:path";
import { type DownloadRequirementOptions, downloadRequirement } from "./download-requirement.ts";
import type { NativeEngineName } from "./engine-folder.ts";
import { type EnginePlatform, tensorflowVersion } from "./engine-platform.ts";
import { findPip, type Pip } from "./find-pip.ts";
import { InstallError } from "./install-error.ts";
import { WheelArchive } from "./wheel-archive.ts";

/** What is needed to get the wheels of an engine. */
export interface GetWheelsOptions extends DownloadRequirementOptions {
  readonly engine: NativeEngineName;
  /** A TensorFlow wheel on disk. */
  readonly from: string | undefined;
}

/**
 * Gets the wheels of an engine onto this disk: TensorFlow's, and for the CUDA engine also the CUDA libraries that
 * its metadata names.
 *
 * @returns their paths, TensorFlow's first.
 * @throws InstallError when something is missing or the index cannot be reached.
 */
export async function getWheels(options: GetWheelsOptions): Promise<string[]> {
  const { engine, platform, from } = options;
  if (from !== undefined) assertFittingWheel(from, platform);
  let pip: Pip | undefined;
  const usePip = async (): Promise<Pip> => {
    pip ??= await findPip(platform, options.environment, options.signal);
    return pip;
  };
  const tensorflow =
    from ?? (await downloadRequirement(`${platform.wheelPackage}==${tensorflowVersion}`, await usePip(), options));
  if (engine === "native") return [tensorflow];
  const requirements = await cudaRequirements(tensorflow);
  const paths = [tensorflow];
  for (const requirement of requirements) paths.push(await downloadRequirement(requirement, await usePip(), options));
  return paths;
}

/**
 * Tells from its name whether a wheel is TensorFlow's and made for this platform.
 *
 * @throws InstallError of kind "data" when it is not.
 */
export function assertFittingWheel(path: string, platform: EnginePlatform): void {
  const name = basename(path);
  const [, version, tag] = /^tensorflow(?:_cpu)?-([\d.]+)[^-]*-[^-]+-[^-]+-(.+)\.whl$/.exec(name) ?? [];
  if (version === undefined || tag === undefined) {
    throw new InstallError(`${name} is not the name of a TensorFlow wheel.`, {
      kind: "data",
      remedy: `Expected something like ${platform.wheelPackage.replace("-", "_")}-2.21.0-cp312-cp312-${platform.wheelTags[0]}.whl.`,
    });
  }
  const machine = platform.wheelTags[0]!.replace(/^(manylinux|macosx)[\d_]*?_(?=[a-z])/, "");
  const system = platform.facts.platform === "darwin" ? "macosx" : "linux";
  if (!tag.endsWith(machine) || !tag.includes(system)) {
    throw new InstallError(
      `${name} is for another platform: expected one of ${platform.wheelTags.join(", ")}, got ${tag}.`,
      {
        kind: "data",
      },
    );
  }
}

/**
 * The CUDA libraries that a TensorFlow wheel names: `Requires-Dist: nvidia-...; extra == "and-cuda"`.
 *
 * @throws InstallError of kind "data" when it names none: a CPU wheel.
 */
async function cudaRequirements(path: string): Promise<string[]> {
  const wheel = await WheelArchive.open(path);
  try {
    const metadata = wheel.names().find((name) => /^[^/]+\.dist-info\/METADATA$/.test(name));
    const found = parseCudaRequirements(metadata === undefined ? "" : await wheel.text(metadata));
    if (found.length === 0) {
      throw new InstallError(`${basename(path)} names no CUDA libraries: it is a CPU wheel.`, {
        kind: "data",
        remedy: "Give a tensorflow wheel for Linux x64, or leave out --gpu.",
      });
    }
    return found;
  } finally {
    await wheel.close();
  }
}

/** Requirements of the extra "and-cuda" in a wheel's metadata, as pip takes them. */
export function parseCudaRequirements(metadata: string): string[] {
  return [...metadata.matchAll(/^Requires-Dist: (nvidia-[^;\n]+);\s*extra == "and-cuda"\s*$/gm)].map((match) =>
    match[1]!.trim(),
  );
}
