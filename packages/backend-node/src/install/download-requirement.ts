import { DownloadFailed, downloadByPip, downloadWheel } from "./download-wheel.ts";
import type { EnginePlatform } from "./engine-platform.ts";
import type { Pip } from "./find-pip.ts";
import { findWheels, type OfferedWheel } from "./find-wheels.ts";
import type { ReportProgress } from "./install-progress.ts";

/** What is needed to download a wheel. */
export interface DownloadRequirementOptions {
  readonly platform: EnginePlatform;
  /** Folder for downloads, whole and partial. */
  readonly downloads: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly onProgress: ReportProgress;
  readonly signal: AbortSignal | undefined;
}

const downloadSeconds = 3600;

/**
 * Downloads the wheel of one requirement: directly, so that an interrupted download goes on where it stopped, or by pip
 * itself where the address cannot be read.
 *
 * @param requirement - as pip takes it, e.g. "tensorflow-cpu==2.21.*".
 * @returns path of the wheel.
 * @throws InstallError when the index cannot be reached or has no such wheel.
 */
export async function downloadRequirement(
  requirement: string,
  pip: Pip,
  options: DownloadRequirementOptions,
): Promise<string> {
  const { platform, downloads, environment, onProgress, signal } = options;
  onProgress({ step: "find", message: `asking the Python package index for ${requirement} (${pip.version})` });
  const wheels = await findWheels(pip, [requirement], platform, downloads, environment, signal);
  const wheel: OfferedWheel | undefined = wheels?.[0];
  if (wheel !== undefined) {
    const message = `downloading ${wheel.file}`;
    try {
      return await downloadWheel(wheel, downloads, {
        signal: limited(signal),
        onProgress: (done, total) =>
          onProgress({ step: "download", message, done, ...(total === undefined ? {} : { total }) }),
      });
    } catch (error) {
      if (!(error instanceof DownloadFailed)) throw error;
    }
  }
  onProgress({ step: "download", message: `downloading ${requirement} with pip` });
  return downloadByPip(pip, requirement, platform, downloads, environment, downloadSeconds, signal);
}

function limited(signal: AbortSignal | undefined): AbortSignal {
  const limit = AbortSignal.timeout(downloadSeconds * 1000);
  return signal === undefined ? limit : AbortSignal.any([limit, signal]);
}
