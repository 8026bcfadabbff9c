import { readFile } from "node:fs/promises";
import { DataError } from "@divgen/core-tensors";
import { metricNames } from "@divgen/metrics";
import type { Evaluation, TitledResult } from "../evaluation/evaluation-document.ts";

/** An evaluation with the name of its row. */
export interface NamedEvaluation {
  readonly name: string;
  readonly evaluation: Evaluation;
}

/**
 * Reads what `divgen evaluate --output` wrote.
 *
 * @param word - a path, or NAME=PATH; without a name the row is called by the path of the generated samples.
 * @throws DataError for a file that is missing or something else.
 */
export async function readEvaluation(word: string): Promise<NamedEvaluation> {
  const equals = word.indexOf("=");
  const path = word.slice(equals + 1);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason = code === "ENOENT" ? "there is no such file" : (error as Error).message;
    throw new DataError(`${path}: cannot be read: ${reason}`, { cause: error });
  }
  const evaluation = parseEvaluation(text, path);
  return { name: equals < 0 ? evaluation.generated.path : word.slice(0, equals), evaluation };
}

function parseEvaluation(text: string, path: string): Evaluation {
  let parsed: Evaluation;
  try {
    parsed = JSON.parse(text) as Evaluation;
  } catch (error) {
    // The parser's message quotes the file, which may be no text at all.
    throw new DataError(
      `${path}: expected JSON of divgen evaluate, got something else. Write it by divgen evaluate --output FILE.`,
      { cause: error },
    );
  }
  if (parsed?.format !== "divgen-evaluation" || parsed.formatVersion !== 1 || !Array.isArray(parsed.results)) {
    throw new DataError(
      `${path}: expected what divgen evaluate --output writes (format divgen-evaluation, version 1).`,
    );
  }
  return { ...parsed, results: parsed.results.map((result) => restoredResult(result, path)) };
}

/** A result with an infinite value as the number that it is. */
function restoredResult(result: TitledResult & { readonly nonFinite?: string }, path: string): TitledResult {
  const { nonFinite, ...rest } = result;
  const value = nonFinite === undefined ? rest.value : Number(nonFinite);
  if (!metricNames.includes(rest.metric) || typeof value !== "number" || Number.isNaN(value)) {
    throw new DataError(
      `${path}: expected results with a metric and a value, got ${JSON.stringify(result).slice(0, 120)}`,
    );
  }
  return { ...rest, value };
}
