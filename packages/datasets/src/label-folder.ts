import { join } from "node:path";
import { DataError, type Dataset } from "@divgen/core-tensors";
import {
  cityscapesPalette,
  cityscapesTrainIds,
  cmpPngPalette,
  cropImage,
  type LabelMap,
  type LabelPalette,
  labelMapFromColorFile,
  labelMapFromColors,
  labelMapFromIndexedPng,
  labelMapToColors,
  modeFilter,
  type PixelImage,
  readImage,
  resizeImage,
  resizeLabelMap,
} from "@divgen/image-files";
import { assertIndex } from "./dataset-tools.ts";
import { listFolder, stem } from "./list-images.ts";
import type { LabelledPairedExample } from "./paired-example.ts";

/** Layout photos: a label map (input) and the photo (target). */
export interface LabelFolderDataset extends Dataset<LabelledPairedExample> {
  readonly palette: LabelPalette;
}

/** Size of what is loaded. */
export interface LabelSize {
  /** In pixels; photos are resized by "bicubic", label maps to the nearest. Without it both stay as they are. */
  readonly width?: number;
  readonly height?: number;
}

interface LabelSource {
  readonly name: string;
  readonly photoPath: string;
  readonly load: () => Promise<{ readonly photo: PixelImage; readonly labels: LabelMap }>;
}

/** Photos and label files with a palette. */
export interface LabelFolderOptions extends LabelSize {
  /** Folder of photos. */
  readonly photos: string;
  /** Folder of label files with the photos' names (endings may differ). May be the same folder with other endings. */
  readonly labels: string;
  readonly palette: LabelPalette;
  /** "indexed": pixel values are class ids (PNG). "colors": nearest palette colour. */
  readonly encoding: "indexed" | "colors";
  /** Side of the mode filter for "colors"; JPEG needs 3 or 5. @defaultValue 1 */
  readonly modeFilterSize?: number;
}

/**
 * Opens photos with label maps in two folders.
 *
 * @throws DataError now for missing or empty folders and photos without labels; on `load` for unreadable files, unlike
 *   sizes, and ids that the palette does not have.
 */
export async function openLabelFolder(options: LabelFolderOptions): Promise<LabelFolderDataset> {
  const { photos, labels, palette, encoding, modeFilterSize = 1 } = options;
  const labelFiles = new Map<string, string>();
  const isLabel = (name: string): boolean => photos !== labels || name.toLowerCase().endsWith(".png");
  for (const name of (await listFolder(labels, "a folder of label files")).images) {
    if (isLabel(name)) labelFiles.set(stem(name), name);
  }
  const photoFiles = (await listFolder(photos, "a folder of photos")).images.filter(
    (name) => photos !== labels || !isLabel(name),
  );
  const sources = photoFiles.map((file): LabelSource => {
    const labelFile = labelFiles.get(stem(file));
    if (!labelFile) throw new DataError(`${join(photos, file)}: expected its label file in ${labels}, got none.`);
    const labelPath = join(labels, labelFile);
    return {
      name: stem(file),
      photoPath: join(photos, file),
      load: async () => ({
        photo: await readImage(join(photos, file)),
        labels:
          encoding === "indexed"
            ? await labelMapFromIndexedPng(labelPath, palette)
            : await labelMapFromColorFile(labelPath, palette, { modeFilterSize }),
      }),
    };
  });
  return labelDataset(`label-folder ${photos}`, sources, palette, options, photos);
}

/**
 * Opens the CMP Facades as published: `cmp_b0001.jpg` beside the indexed `cmp_b0001.png`, in one folder.
 *
 * @throws DataError as `openLabelFolder`.
 */
export function openCmpFacades({ path, ...size }: { readonly path: string } & LabelSize): Promise<LabelFolderDataset> {
  return openLabelFolder({ photos: path, labels: path, palette: cmpPngPalette, encoding: "indexed", ...size });
}

/** pix2pix's colour-coded facades. */
export interface ColorCodedPairsOptions extends LabelSize {
  readonly path: string;
  /** "train", "val" or "test". */
  readonly split: string;
  readonly palette: LabelPalette;
  /** Which half holds the labels; pix2pix's facades: "B". */
  readonly labelHalf: "A" | "B";
  /** @defaultValue 5 */
  readonly modeFilterSize?: number;
}

/**
 * Opens A|B files of which one half is a colour-coded label map (pix2pix's facades: photo left, labels right). Colours
 * are decoded before any resize and cleaned by a mode filter; the input shows the clean map in the palette's colours.
 *
 * @throws DataError as `openLabelFolder`, and for an odd width.
 */
export async function openColorCodedPairs(options: ColorCodedPairsOptions): Promise<LabelFolderDataset> {
  const { path, split, palette, labelHalf, modeFilterSize = 5 } = options;
  const folder = join(path, split);
  const { images } = await listFolder(folder, "a folder of A|B images");
  const sources = images.map(
    (file): LabelSource => ({
      name: stem(file),
      photoPath: join(folder, file),
      load: async () => {
        const image = await readImage(join(folder, file));
        if (image.width % 2 !== 0) {
          throw new DataError(
            `${join(folder, file)}: expected A and B of one size side by side, so an even width, got ${image.width} x ${image.height}.`,
          );
        }
        const half = { width: image.width / 2, height: image.height, top: 0 };
        const a = cropImage(image, { ...half, left: 0 });
        const b = cropImage(image, { ...half, left: half.width });
        const [coded, photo] = labelHalf === "A" ? [a, b] : [b, a];
        return { photo, labels: modeFilter(labelMapFromColors(coded, palette), modeFilterSize) };
      },
    }),
  );
  return labelDataset(`color-coded-pairs ${folder}`, sources, palette, options, folder);
}

/**
 * Opens Cityscapes as published: `leftImg8bit/SPLIT/CITY/*_leftImg8bit.png` with
 * `gtFine/SPLIT/CITY/*_gtFine_labelIds.png`, reduced to the 19 train ids (the rest is ignored, 255).
 *
 * @throws DataError as `openLabelFolder`.
 */
export async function openCityscapes({
  path,
  split,
  ...size
}: { readonly path: string; readonly split: string } & LabelSize): Promise<LabelFolderDataset> {
  const photoRoot = join(path, "leftImg8bit", split);
  const sources: LabelSource[] = [];
  for (const city of (await listFolder(photoRoot, "a folder of cities")).folders) {
    const { images } = await listFolder(join(photoRoot, city), "a folder of photos");
    for (const file of images.filter((name) => name.endsWith("_leftImg8bit.png"))) {
      const name = file.slice(0, -"_leftImg8bit.png".length);
      const labelPath = join(path, "gtFine", split, city, `${name}_gtFine_labelIds.png`);
      const photoPath = join(photoRoot, city, file);
      const load: LabelSource["load"] = async () => ({
        photo: await readImage(photoPath),
        labels: await labelMapFromIndexedPng(labelPath, cityscapesPalette, { idsByStoredNumber: cityscapesTrainIds }),
      });
      sources.push({ name, photoPath, load });
    }
  }
  return labelDataset(`cityscapes ${split}`, sources, cityscapesPalette, size, photoRoot);
}

function labelDataset(
  name: string,
  sources: readonly LabelSource[],
  palette: LabelPalette,
  { width, height }: LabelSize,
  folder: string,
): LabelFolderDataset {
  if (sources.length === 0) throw new DataError(`${folder}: expected photos with label files, got none.`);
  return {
    name,
    size: sources.length,
    palette,
    load: async (index) => {
      assertIndex(index, sources.length);
      const source = sources[index]!;
      const { photo, labels } = await source.load();
      if (photo.width !== labels.width || photo.height !== labels.height) {
        throw new DataError(
          `${source.photoPath}: expected ${photo.width} x ${photo.height} labels like the photo, got ${labels.width} x ${labels.height}.`,
        );
      }
      const size = { width: width ?? photo.width, height: height ?? photo.height };
      const fitted = resizeLabelMap(labels, size);
      return {
        name: source.name,
        input: labelMapToColors(fitted, palette),
        target: resizeImage(photo, size, "bicubic"),
        labels: fitted,
      };
    },
  };
}
