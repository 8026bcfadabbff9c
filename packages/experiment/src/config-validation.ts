import type { ZodType } from "zod";
import { knownPaths } from "./config-schema.ts";
import { nearestName } from "./nearest-name.ts";
import { ConfigError } from "./run-errors.ts";

/**
 * Checks a configuration against its schema.
 *
 * @param source - where it comes from, for the message: "preset demo", "runs/a/config.json".
 * @returns the parsed value.
 * @throws ConfigError with one line for each thing wrong: its path, what was expected and what is there; for an unknown
 *   key the nearest known one.
 */
export function validateConfig<Config>(schema: ZodType<Config>, value: unknown, source: string): Config {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const lines = result.error.issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => unknownKeyMessage(schema, [...path, key].join(".")));
    }
    return [`${path.join(".") || "configuration"}: ${plainMessage(issue.message)}, got ${shown(valueAt(value, path))}`];
  });
  throw new ConfigError(lines.length === 1 ? `${source}: ${lines[0]}` : `${source}:\n  ${lines.join("\n  ")}`);
}

/** "unknown key "trainig.steps"; did you mean "training.steps"?" */
export function unknownKeyMessage(schema: ZodType, path: string): string {
  const nearest = nearestName(path, knownPaths(schema));
  return `unknown key "${path}"${nearest === undefined ? "" : `; did you mean "${nearest}"?`}`;
}

/** zod's message as the second half of a sentence. */
export function plainMessage(message: string): string {
  const text = message.replace(/^Invalid (input|option): /, "").replace(/, received .*$/, "");
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** A value as it is shown in messages: JSON, cut where it is long. */
export function shown(value: unknown): string {
  const text = value === undefined ? "nothing" : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let current = value;
  for (const key of path) {
    if (typeof current !== "object" || current === null) return undefined;
    current = (current as Record<string, unknown>)[key];
  }
  return current;
}
