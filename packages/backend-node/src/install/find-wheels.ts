import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { type EnginePlatform, wheelPython } from "./engine-platform.ts";
import type { Pip } from "./find-pip.ts";
import { InstallError } from "./install-error.ts";
import { makeFolder } from "./make-folder.ts";
import { type CommandResult, runCommand } from "./run-command.ts";

/** A wheel that the index offers. */
export interface OfferedWheel {
  /** File name, e.g. "tensorflow_cpu-2.21.0-cp312-cp312-manylinux_2_27_x86_64.whl". */
  readonly file: string;
  readonly url: string;
  readonly sha256: string;
}

interface PipReport {
  readonly install: readonly {
    readonly download_info: {
      readonly url: string;
      readonly archive_info?: { readonly hash?: string; readonly hashes?: { readonly sha256?: string } };
    };
  }[];
}

/** pip's arguments that ask for wheels of one platform, whatever Python pip itself runs on. */
export function wheelArguments(platform: EnginePlatform): string[] {
  return [
    ["--only-binary", ":all:", "--no-deps", "--no-input", "--disable-pip-version-check"],
    ["--implementation", "cp", "--python-version", wheelPython.version, "--abi", wheelPython.abi, "--abi", "none"],
    ...platform.wheelTags.map((tag) => ["--platform", tag]),
    ["--retries", "1", "--timeout", "20"],
  ].flat();
}

/**
 * Asks pip where wheels are and what their SHA-256 is, without downloading them.
 *
 * @param requirements - as pip takes them, e.g. "tensorflow-cpu==2.21.*".
 * @returns undefined when this pip cannot tell (before 22.2 there is no report): download with pip itself then.
 * @throws InstallError when the index cannot be reached or has no such wheel.
 */
export async function findWheels(
  pip: Pip,
  requirements: readonly string[],
  platform: EnginePlatform,
  folder: string,
  environment: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<readonly OfferedWheel[] | undefined> {
  // pip insists on a target when the platform is given; with --dry-run it writes nothing there.
  await makeFolder(folder);
  const target = await mkdtemp(join(folder, "pip-"));
  try {
    const question = ["install", "--dry-run", "--ignore-installed", "--quiet", "--target", target, "--report", "-"];
    const result = await runCommand(
      pip.command,
      [...pip.prefix, ...question, ...wheelArguments(platform), ...requirements],
      { timeLimitSeconds: 300, environment, signal },
    );
    if (result.outcome === "failed" && /no such option: --(report|dry-run)/.test(result.errors)) return undefined;
    if (result.outcome !== "succeeded") throw pipError(result, requirements, "looking for TensorFlow's library", 300);
    return readReport(result.output);
  } finally {
    await rm(target, { recursive: true, force: true });
  }
}

function readReport(output: string): readonly OfferedWheel[] | undefined {
  const report = JSON.parse(output.slice(output.indexOf("{"))) as PipReport;
  const wheels: OfferedWheel[] = [];
  for (const { download_info: download } of report.install) {
    const sha256 =
      download.archive_info?.hashes?.sha256 ?? /^sha256=(.*)$/.exec(download.archive_info?.hash ?? "")?.[1];
    // An index without hashes: pip's own download is then as good as ours.
    if (sha256 === undefined) return undefined;
    const file = decodeURIComponent(new URL(download.url).pathname.split("/").at(-1) ?? "");
    wheels.push({ file, url: download.url, sha256 });
  }
  return wheels;
}

/** One sentence for what pip said at length. */
export function pipError(
  result: CommandResult,
  requirements: readonly string[],
  doing: string,
  timeLimitSeconds: number,
): InstallError {
  const said = result.errors;
  const offline = "Connect to a network, or give the wheel yourself: divgen engine install --from WHEEL.";
  if (result.outcome === "timed out") {
    return new InstallError(`pip did not finish within ${timeLimitSeconds} seconds while ${doing}.`, {
      remedy: offline,
    });
  }
  if (/No space left on device|Errno 28|Disk quota exceeded/.test(said)) {
    return new InstallError(`The disk is full while ${doing}.`, {
      remedy: "Free some space, or set DIVGEN_CACHE to a folder on another disk.",
    });
  }
  if (
    /Failed to establish a new connection|NewConnectionError|name resolution|Max retries exceeded|Connection (refused|reset|broken|to)|ConnectTimeout|timed out|ProxyError|SSLError|SSLCertVerificationError|Network is unreachable/i.test(
      said,
    )
  ) {
    return new InstallError("The Python package index cannot be reached.", { remedy: offline });
  }
  if (/No matching distribution|Could not find a version/.test(said)) {
    return new InstallError(`The Python package index has no ${requirements.join(", ")} for this platform.`, {
      remedy: "See whether pip's configuration points to the right index, or use --from WHEEL.",
    });
  }
  const lastLine = said.trim().split("\n").at(-1) ?? "";
  return new InstallError(`pip failed (${result.exit}) while ${doing}: ${lastLine}`);
}
