import { createHash } from "node:crypto";

/** A value that JSON can hold. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/**
 * JSON with the keys of every object in ascending (code unit) order, so that equal values give equal texts. Keys whose
 * value is `undefined` are left out, as `JSON.stringify` does.
 *
 * @param indentation - spaces a level; 0 for a single line without spaces.
 * @throws TypeError for what JSON would lose in silence: NaN, infinities, functions, symbols, big integers, and
 *   `undefined` in arrays or at the top.
 */
export function canonicalJson(value: unknown, indentation: number = 0): string {
  return JSON.stringify(sorted(value, "value"), null, indentation);
}

/** Hexadecimal SHA-256 of bytes, or of the UTF-8 bytes of a text. */
export function sha256(data: Uint8Array | string): string {
  return createHash("sha256").update(data).digest("hex");
}

function sorted(value: unknown, path: string): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (!Number.isFinite(value)) throw new TypeError(`${path}: expected a finite number, got ${value}`);
      return value;
    case "object":
      if (value === null) return null;
      if (Array.isArray(value)) return value.map((item, index) => sorted(item, `${path}[${index}]`));
      if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) {
        throw new TypeError(`${path}: expected a plain object, got an instance of ${value.constructor.name}`);
      }
      return sortedObject(value, path);
    default:
      throw new TypeError(`${path}: expected a value that JSON can hold, got ${typeof value}`);
  }
}

function sortedObject(value: object, path: string): object {
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  // `fromEntries` defines own properties, so that a key named __proto__ stays a key.
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item, `${path}.${key}`)]));
}
