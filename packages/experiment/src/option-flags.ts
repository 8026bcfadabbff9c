import { type Command, Option } from "commander";
import type { ZodType } from "zod";
import { fieldsOf, kindOf } from "./config-schema.ts";
import { plainMessage, shown } from "./config-validation.ts";
import { UsageError } from "./run-errors.ts";

/** Adds a flag for each field of an object schema: `labelFolder` is `--label-folder VALUE`. */
export function addFlags(command: Command, schema: ZodType | undefined): void {
  if (schema === undefined) return;
  for (const [field, inner] of fieldsOf(schema)) {
    const value = kindOf(inner) === "boolean" ? "" : kindOf(inner) === "array" ? " <values...>" : " <value>";
    command.addOption(new Option(`${flagOf(field)}${value}`, inner.description ?? ""));
  }
}

/**
 * The values of the flags that `addFlags` added, typed by the schema.
 *
 * @throws UsageError naming the flag, what was expected and what was given.
 */
export function readFlags<Options extends object>(
  schema: ZodType<Options> | undefined,
  given: Readonly<Record<string, unknown>>,
): Options {
  if (schema === undefined) return {} as Options;
  const values: Record<string, unknown> = {};
  for (const [field, inner] of fieldsOf(schema)) {
    if (given[field] !== undefined) values[field] = typed(inner, given[field]);
  }
  const result = schema.safeParse(values);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const field = String(issue.path[0] ?? "");
  const flag = field === "" ? "options" : flagOf(field);
  throw new UsageError(`${flag}: ${plainMessage(issue.message)}, got ${shown(values[field])}`);
}

/**
 * Refuses flags that would be ignored.
 *
 * @param needs - for a field the fields of which one must be given with it; "inputs" are files, which have no flag.
 * @throws UsageError naming the flag and what goes with it.
 */
export function assertNeedsMet(
  needs: Readonly<Partial<Record<string, readonly string[]>>>,
  given: Readonly<Record<string, unknown>>,
): void {
  for (const [field, others] of Object.entries(needs)) {
    if (given[field] === undefined || others!.some((other) => given[other] !== undefined)) continue;
    throw new UsageError(`${flagOf(field)}: expected ${others!.map(nameOf).join(" or ")} with it, got none`);
  }
}

function nameOf(field: string): string {
  return field === "inputs" ? "files" : flagOf(field);
}

/** A text as the number that it is, where the schema takes it as a number and not as a text. */
function typed(schema: ZodType, value: unknown): unknown {
  if (Array.isArray(value)) {
    const numbers = value.map(Number);
    return !schema.safeParse(value).success && schema.safeParse(numbers).success ? numbers : value;
  }
  if (typeof value !== "string" || value.trim() === "" || schema.safeParse(value).success) return value;
  const number = Number(value);
  return Number.isNaN(number) ? value : number;
}

function flagOf(field: string): string {
  return `--${field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
