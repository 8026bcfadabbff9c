import { readFile } from "node:fs/promises";
import { DataError } from "@divgen/core-tensors";
import { decodeIndexedPng } from "./indexed-png.ts";
import { IGNORED_CLASS_ID, type LabelMap, labelMapFromColors, modeFilter } from "./label-map.ts";
import type { LabelPalette } from "./label-palette.ts";
import { readImage } from "./read-image.ts";

/** How the numbers of a label file become class ids. */
export interface IndexedLabelOptions {
  /** Class ids by stored number, such as `cityscapesTrainIds`; numbers that it lacks are ignored. Without it they are the ids. */
  readonly idsByStoredNumber?: ReadonlyMap<number, number>;
}

/**
 * Reads a label file whose pixels *are* class numbers: an indexed PNG (CMP) or a grey one (Cityscapes `labelIds`).
 *
 * @throws DataError naming the file if it is no such PNG or holds a number that the palette does not have.
 */
export async function labelMapFromIndexedPng(
  path: string,
  palette: LabelPalette,
  { idsByStoredNumber }: IndexedLabelOptions = {},
): Promise<LabelMap> {
  const { indices, width, height } = await decodeFile(path);
  const known = new Set(palette.classes.map(({ id }) => id)).add(IGNORED_CLASS_ID);
  const classIds = idsByStoredNumber
    ? indices.map((stored) => idsByStoredNumber.get(stored) ?? IGNORED_CLASS_ID)
    : indices;
  const stranger = classIds.findIndex((id) => !known.has(id));
  if (stranger >= 0) {
    throw new DataError(
      `${path}: expected class ids of palette ${palette.name} (${[...known].join(", ")}), got ${classIds[stranger]} at column ${stranger % width}, row ${Math.floor(stranger / width)}. Name the palette that the file was made with.`,
    );
  }
  return { classIds, width, height };
}

async function decodeFile(path: string): Promise<ReturnType<typeof decodeIndexedPng>> {
  try {
    return decodeIndexedPng(await readFile(path));
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : (error as Error).message;
    throw new DataError(`${path}: expected a PNG whose pixels are class numbers, but ${reason}.`, { cause: error });
  }
}

/** How a colour-coded label file is cleaned. */
export interface ColorLabelOptions {
  /** Side of the mode filter, odd; 1 for none. JPEG needs 3 or 5. @defaultValue 1 */
  readonly modeFilterSize?: number;
  /** Colours farther than this (RGB distance) from the palette are ignored. @defaultValue none is too far */
  readonly maximumDistance?: number;
}

/**
 * Reads a colour-coded label file (any image format) by the nearest palette colour.
 *
 * @throws DataError naming the file if it cannot be decoded.
 */
export async function labelMapFromColorFile(
  path: string,
  palette: LabelPalette,
  { modeFilterSize = 1, ...nearest }: ColorLabelOptions = {},
): Promise<LabelMap> {
  const labels = labelMapFromColors(await readImage(path), palette, nearest);
  return modeFilterSize === 1 ? labels : modeFilter(labels, modeFilterSize);
}
