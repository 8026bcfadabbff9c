import type { InstallProgress, ReportProgress } from "./install-progress.ts";

/** One line for a person: "downloading tensorflow...whl  120 of 274 MB, 44%". */
export function describeProgress({ message, done, total }: InstallProgress): string {
  if (done === undefined) return message;
  const megabytes = (bytes: number): string => String(Math.round(bytes / 1e6));
  return total === undefined
    ? `${message}  ${megabytes(done)} MB`
    : `${message}  ${megabytes(done)} of ${megabytes(total)} MB, ${Math.floor((100 * done) / Math.max(total, 1))}%`;
}

/** Turns progress into lines for a log: one for each new message, and one for every fifth of a long step. */
export function progressLines(log: (line: string) => void): ReportProgress {
  let message = "";
  let fifth = 0;
  return (progress) => {
    const { done, total } = progress;
    const now = done === undefined || total === undefined || total === 0 ? 0 : Math.floor((5 * done) / total);
    if (progress.message === message && now <= fifth) return;
    message = progress.message;
    fifth = now;
    log(describeProgress(progress));
  };
}
