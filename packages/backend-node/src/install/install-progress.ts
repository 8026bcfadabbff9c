/** The steps of an installation, in their order. */
export type InstallStep = "wait" | "find" | "download" | "unpack" | "compile" | "check" | "place";

/** What an installation is doing. */
export interface InstallProgress {
  readonly step: InstallStep;
  /** One line for the user. */
  readonly message: string;
  /** How far the step is, in bytes; absent when that cannot be told. */
  readonly done?: number;
  readonly total?: number;
}

/** Told of every step, and several times a second during downloads. */
export type ReportProgress = (progress: InstallProgress) => void;
