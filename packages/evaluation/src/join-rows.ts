import type { FeatureRows } from "@divgen/training";

/** One matrix of consecutive pieces. */
export function joinRows(parts: readonly Float32Array[], rows: number): FeatureRows {
  const values = new Float32Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    values.set(part, offset);
    offset += part.length;
  }
  return { values, rows, columns: values.length / rows };
}
