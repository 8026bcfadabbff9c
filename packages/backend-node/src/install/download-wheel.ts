import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { copyFile, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import type { EnginePlatform } from "./engine-platform.ts";
import type { Pip } from "./find-pip.ts";
import { type OfferedWheel, pipError, wheelArguments } from "./find-wheels.ts";
import { explainSystemError, InstallError, interruptedError } from "./install-error.ts";
import { makeFolder } from "./make-folder.ts";
import { runCommand } from "./run-command.ts";

/** How a download goes on and ends. */
export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (done: number, total: number | undefined) => void;
  /** A connection that sends nothing for this long is given up. @defaultValue 30 */
  readonly stallSeconds?: number;
  /** Connections that may fail before the download does. @defaultValue 4 */
  readonly attempts?: number;
}

/** SHA-256 of a file, in hexadecimal. */
export async function sha256OfFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash, signal === undefined ? {} : { signal });
  return hash.digest("hex");
}

/**
 * Downloads a wheel into a folder. What an earlier attempt left is gone on with (`FILE.part`), and the wheel gets
 * its name only when its SHA-256 is right.
 *
 * @returns path of the wheel.
 * @throws InstallError of kind "data" for a wrong SHA-256; DownloadFailed when the address cannot be read this way.
 */
export async function downloadWheel(
  wheel: OfferedWheel,
  folder: string,
  { signal, onProgress, stallSeconds = 30, attempts = 4 }: DownloadOptions = {},
): Promise<string> {
  await makeFolder(folder);
  const path = join(folder, wheel.file);
  const part = `${path}.part`;
  if ((await sizeOf(path)) > 0 && (await sha256OfFile(path, signal)) === wheel.sha256) return path;
  if (wheel.url.startsWith("file:")) await copyFile(fileURLToPath(wheel.url), part);
  else {
    for (let attempt = 1; ; attempt++) {
      try {
        await fetchRest(wheel.url, part, stallSeconds, signal, onProgress);
        break;
      } catch (error) {
        if (signal?.aborted) throw interruptedError(signal);
        const explained = explainSystemError(error, "downloading TensorFlow's library");
        if (explained instanceof InstallError || error instanceof DownloadFailed) throw explained;
        if (attempt >= attempts) throw new DownloadFailed((error as Error).message, { cause: error });
      }
    }
  }
  const received = await sha256OfFile(part, signal);
  if (received !== wheel.sha256) {
    await rm(part, { force: true });
    throw new InstallError(`${wheel.file}: expected SHA-256 ${wheel.sha256}, got ${received}.`, {
      kind: "data",
      remedy: "The download was thrown away: install again.",
    });
  }
  await rename(part, path);
  return path;
}

/** The address cannot be read directly (a proxy, a login, no route): pip may still be able to. */
export class DownloadFailed extends Error {
  override readonly name = "DownloadFailed";
}

/** Downloads by pip itself, which knows about proxies, logins and certificates, but begins anew each time. */
export async function downloadByPip(
  pip: Pip,
  requirement: string,
  platform: EnginePlatform,
  folder: string,
  environment: NodeJS.ProcessEnv,
  timeLimitSeconds: number,
  signal?: AbortSignal,
): Promise<string> {
  const target = join(folder, "by-pip");
  await rm(target, { recursive: true, force: true });
  await makeFolder(target);
  try {
    const result = await runCommand(
      pip.command,
      [...pip.prefix, "download", "--quiet", "--dest", target, ...wheelArguments(platform), requirement],
      { timeLimitSeconds, environment, signal },
    );
    if (result.outcome !== "succeeded") {
      throw pipError(result, [requirement], "downloading TensorFlow's library", timeLimitSeconds);
    }
    const file = (await readdir(target)).find((name) => name.endsWith(".whl"));
    if (file === undefined) throw new InstallError(`pip downloaded no wheel for ${requirement}.`);
    await rename(join(target, file), join(folder, file));
    return join(folder, file);
  } finally {
    await rm(target, { recursive: true, force: true });
  }
}

/** Appends what is missing of a file; a server that cannot send a part sends all, and the file begins anew. */
async function fetchRest(
  url: string,
  part: string,
  stallSeconds: number,
  signal: AbortSignal | undefined,
  onProgress: DownloadOptions["onProgress"],
): Promise<void> {
  const stalled = new AbortController();
  let timer = setTimeout(() => stalled.abort(), stallSeconds * 1000);
  const alive = (): void => {
    clearTimeout(timer);
    timer = setTimeout(
      () => stalled.abort(new Error(`nothing received for ${stallSeconds} seconds`)),
      stallSeconds * 1000,
    );
  };
  try {
    let have = await sizeOf(part);
    const response = await fetch(url, {
      headers: have > 0 ? { range: `bytes=${have}-` } : {},
      signal: signal === undefined ? stalled.signal : AbortSignal.any([stalled.signal, signal]),
    });
    // 416: nothing is missing (or the part is longer than the file, which its SHA-256 will tell).
    if (response.status === 416) return void (await response.body?.cancel());
    if (!response.ok || response.body === null) throw new DownloadFailed(`the index answered ${response.status}`);
    if (response.status !== 206) have = 0;
    const length = Number(response.headers.get("content-length"));
    const total = length > 0 ? have + length : undefined;
    await pipeline(
      response.body,
      async function* (chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          alive();
          have += chunk.length;
          onProgress?.(have, total);
          yield chunk;
        }
      },
      createWriteStream(part, { flags: have > 0 ? "a" : "w" }),
    );
    if (total !== undefined && have !== total) throw new Error(`the connection ended after ${have} of ${total} bytes`);
  } finally {
    clearTimeout(timer);
  }
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
