import { readFile } from "node:fs/promises";
import { DataError } from "@divgen/core-tensors";
import {
  decodeIndexedPng,
  IGNORED_CLASS_ID,
  type LabelMap,
  type LabelPalette,
  labelMapFromColors,
  readImage,
  resizeLabelMap,
  toRgb,
} from "@divgen/image-files";

/** A label file at the size of a generator. */
export interface LayoutRequest {
  readonly path: string;
  readonly palette: LabelPalette;
  readonly height: number;
  readonly width: number;
}

/** Colours farther than this from all of the palette are strangers: JPEG fringes are nearer. */
const COLOR_TOLERANCE = 60;

/**
 * Reads a layout: a PNG whose stored numbers are class ids, or else any image in the palette's colours (each pixel takes
 * the nearest). Classes are settled before the layout is brought to the size, by its nearest pixels.
 *
 * @throws DataError naming the file, the stranger's id or colour, and where it is.
 */
export async function readLayout({ path, palette, height, width }: LayoutRequest): Promise<LabelMap> {
  const labels = (await readIndexed(path, palette)) ?? (await readColors(path, palette));
  return resizeLabelMap(labels, { height, width });
}

/** The file as class ids, unless it is no indexed PNG, or an indexed picture whose numbers are other than classes. */
async function readIndexed(path: string, palette: LabelPalette): Promise<LabelMap | undefined> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new DataError(`${path}: expected a layout to read (${(error as Error).message})`, { cause: error });
  });
  let decoded: ReturnType<typeof decodeIndexedPng>;
  try {
    decoded = decodeIndexedPng(bytes);
  } catch {
    return undefined;
  }
  const { indices, width, height, palette: colors } = decoded;
  const known = new Set([...palette.classes.map(({ id }) => id), IGNORED_CLASS_ID]);
  const stranger = indices.findIndex((id) => !known.has(id));
  if (stranger < 0) return { classIds: indices, width, height };
  // An indexed picture may number its colours as it likes: then the colours count.
  if (colors.length > 0) return undefined;
  throw new DataError(
    `${path}: expected class ids ${[...known].join(", ")} of palette ${palette.name}, got ${indices[stranger]} at column ${stranger % width}, row ${Math.floor(stranger / width)}`,
  );
}

async function readColors(path: string, palette: LabelPalette): Promise<LabelMap> {
  const image = toRgb(await readImage(path));
  const labels = labelMapFromColors(image, palette, { maximumDistance: COLOR_TOLERANCE });
  const stranger = labels.classIds.indexOf(IGNORED_CLASS_ID);
  if (stranger >= 0) {
    const color = [...image.pixels.subarray(3 * stranger, 3 * stranger + 3)].join(", ");
    throw new DataError(
      `${path}: expected colours of palette ${palette.name}, got (${color}) at column ${stranger % image.width}, row ${Math.floor(stranger / image.width)}. The palette: ${palette.classes.map(({ name, color: own }) => `${name} (${own.join(", ")})`).join(", ")}`,
    );
  }
  return labels;
}
