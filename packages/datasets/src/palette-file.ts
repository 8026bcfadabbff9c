import { readFile } from "node:fs/promises";
import { DataError } from "@divgen/core-tensors";
import { type Color, createLabelPalette, type LabelClass, type LabelPalette } from "@divgen/image-files";

/**
 * Reads a palette from JSON: `{ "name": "street", "classes": [{ "id": 0, "name": "road", "color": "#804080" }, ...] }`;
 * a colour may also be `[128, 64, 128]`.
 *
 * @throws DataError naming the file and the entry that is wrong.
 */
export async function readPaletteFile(path: string): Promise<LabelPalette> {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === "ENOENT" ? "there is none" : (error as Error).message;
    throw new DataError(`${path}: expected a palette in JSON, but ${reason}.`, { cause: error });
  }
  const { name, classes } = (content ?? {}) as { name?: unknown; classes?: unknown };
  if (typeof name !== "string" || !Array.isArray(classes)) {
    throw new DataError(
      `${path}: expected { "name": ..., "classes": [...] }, got ${JSON.stringify(content).slice(0, 80)}`,
    );
  }
  try {
    return createLabelPalette(
      name,
      classes.map((entry) => parseClass(entry)),
    );
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new DataError(`${path}: ${error.message}`, { cause: error });
  }
}

function parseClass(entry: unknown): LabelClass {
  const { id, name, color } = (entry ?? {}) as { id?: unknown; name?: unknown; color?: unknown };
  const rgb = parseColor(color);
  if (typeof id !== "number" || typeof name !== "string" || !rgb) {
    throw new RangeError(
      `expected classes like { "id": 0, "name": "road", "color": "#804080" }, got ${JSON.stringify(entry)}`,
    );
  }
  return { id, name, color: rgb };
}

function parseColor(color: unknown): Color | undefined {
  if (Array.isArray(color) && color.length === 3 && color.every((value) => typeof value === "number")) {
    return color as unknown as Color;
  }
  if (typeof color !== "string" || !/^#[0-9a-f]{6}$/i.test(color)) return undefined;
  const value = Number.parseInt(color.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
