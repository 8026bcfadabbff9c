import type { ZodType } from "zod";
import { schemasAtKey } from "./config-schema.ts";
import { plainMessage, shown, unknownKeyMessage, validateConfig } from "./config-validation.ts";
import { ConfigError, UsageError } from "./run-errors.ts";

/**
 * A configuration with values replaced, as by `--set training.batchSize=32`.
 *
 * The schema says what a text means: `32` is a number where a number is expected and a text where a text is. Lists are
 * JSON (`[1,2]`) or items between commas (`1,2`); objects are JSON.
 *
 * @param assignments - "path.to.key=value".
 * @returns a new configuration, validated as a whole.
 * @throws UsageError for an assignment without "=".
 * @throws ConfigError for an unknown key (naming the nearest known one) or a value that the schema refuses.
 */
export function applyOverrides<Config>(
  schema: ZodType<Config>,
  config: Config,
  assignments: readonly string[],
): Config {
  const changed: unknown = structuredClone(config);
  for (const assignment of assignments) {
    const equals = assignment.indexOf("=");
    if (equals <= 0)
      throw new UsageError(`--set: expected KEY=VALUE, such as --set training.steps=100, got "${assignment}"`);
    const path = assignment.slice(0, equals);
    const value = typedValue(schemasAt(schema, path), path, assignment.slice(equals + 1));
    put(changed, path.split("."), value, path);
  }
  return validateConfig(
    schema,
    changed,
    assignments.length === 0 ? "configuration" : `--set ${assignments.join(" --set ")}`,
  );
}

function schemasAt(schema: ZodType, path: string): readonly ZodType[] {
  let schemas: readonly ZodType[] = [schema];
  for (const key of path.split(".")) {
    schemas = schemas.flatMap((inner) => schemasAtKey(inner, key));
    if (schemas.length === 0) throw new ConfigError(`--set: ${unknownKeyMessage(schema, path)}`);
  }
  return schemas;
}

function typedValue(schemas: readonly ZodType[], path: string, text: string): unknown {
  for (const candidate of readings(text)) {
    // What the schema makes of the value (a default, a transformation) is made once, by the final validation.
    if (schemas.some((schema) => schema.safeParse(candidate).success)) return candidate;
  }
  const reading = readings(text)[0];
  const issue = schemas[0]!.safeParse(reading).error?.issues[0];
  throw new ConfigError(`--set ${path}: ${plainMessage(issue?.message ?? "invalid value")}, got ${shown(reading)}`);
}

/** What a text may mean, the most specific first. */
function readings(text: string): unknown[] {
  const items = text === "" ? [] : text.split(",").map((item) => parsedJson(item.trim()) ?? item.trim());
  const parsed = parsedJson(text);
  return parsed === undefined ? [text, items] : [parsed, text, items];
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function put(target: unknown, path: readonly string[], value: unknown, fullPath: string): void {
  let current = target as Record<string, unknown>;
  for (const key of path.slice(0, -1)) {
    // An optional section that is absent comes into being with its first value.
    if (!Object.hasOwn(current, key)) current[key] = {};
    const next = current[key];
    if (typeof next !== "object" || next === null) {
      throw new ConfigError(`--set ${fullPath}: "${key}" is ${shown(next)} here, which has no keys`);
    }
    current = next as Record<string, unknown>;
  }
  current[path.at(-1)!] = value;
}
