import { pathToFileURL } from "node:url";
import type { Output } from "./output.ts";

/** The engine that an app runs on, as `@divgen/backend-node` describes it. */
export interface EngineInUse {
  readonly name: string;
  readonly description: string;
  readonly reason: string;
}

/** Prints which engine was chosen, and why, in one line. */
export function printEngine(output: Output, engine: EngineInUse): void {
  output.note({ kind: "engine", ...engine }, `engine: ${engine.name} (${engine.description}); ${engine.reason}`);
}

/**
 * Prints what a finished command has to show: its tables, and where its page is.
 *
 * @param kind - of the event for programs, such as "finished" or "comparison".
 */
export function printReport(
  output: Output,
  kind: string,
  { text, htmlPath }: { readonly text: string; readonly htmlPath: string },
): void {
  output.note({ kind, report: htmlPath }, `\n${text}\n\nreport: ${pathToFileURL(htmlPath)}`);
}
