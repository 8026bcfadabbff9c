import { UsageError } from "@divgen/experiment";
import type { LabelPalette } from "@divgen/image-files";

/** Position of a class in the palette. @throws UsageError naming the known classes. */
export function classIndex(name: string, { classes, name: palette }: LabelPalette, flag: string): number {
  const index = classes.findIndex((known) => known.name === name);
  if (index < 0) {
    throw new UsageError(
      `${flag}: expected a class of palette ${palette} (${classes.map((known) => known.name).join(", ")}), got "${name}"`,
    );
  }
  return index;
}

/**
 * Settings such as "window=0.8,facade=-0.5": one number a class in the palette's order, 0 where nothing is said.
 *
 * @throws UsageError for unknown classes, values outside [-1, 1], and a class set twice.
 */
export function parseKnobs(text: string, palette: LabelPalette): Float32Array {
  const knobs = new Float32Array(palette.classes.length);
  const seen = new Set<number>();
  for (const part of text.split(",").filter((entry) => entry.trim() !== "")) {
    const [name = "", value = ""] = part.split("=").map((side) => side.trim());
    const index = classIndex(name, palette, "--set");
    const number = value === "" ? Number.NaN : Number(value);
    if (!(number >= -1 && number <= 1)) {
      throw new UsageError(`--set: expected CLASS=NUMBER with a number from -1 to 1, got "${part.trim()}"`);
    }
    if (seen.has(index)) throw new UsageError(`--set: expected each class once, got "${name}" twice`);
    seen.add(index);
    knobs[index] = number;
  }
  return knobs;
}
