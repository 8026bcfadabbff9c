import { join } from "node:path";
import { DataError } from "@divgen/core-tensors";
import { isFolder } from "@divgen/datasets";
import {
  closestPalette,
  cmpJpegPalette,
  cmpPngPalette,
  cropImage,
  labelMapFromColors,
  labelMapToColors,
  modeFilter,
  type PaletteMatch,
  type PixelImage,
  writePng,
} from "@divgen/image-files";
import { openImageTree } from "../samples/image-tree.ts";
import {
  countWarnings,
  createFaultList,
  type DataManifest,
  describeImage,
  type ManifestFile,
  type ManifestSplit,
} from "./data-manifest.ts";

/** What is known of a published set of A|B files. */
interface PublishedPairs {
  readonly counts: Readonly<Record<string, number>>;
  /** Of a whole file, A and B. */
  readonly width: number;
  readonly height: number;
}

/** pix2pix's data sets, as published. */
export const publishedPairs: Readonly<Record<"facades" | "maps", PublishedPairs>> = {
  facades: { counts: { train: 400, val: 100, test: 106 }, width: 512, height: 256 },
  maps: { counts: { train: 1096, val: 1098 }, width: 1200, height: 600 },
};

/** What is prepared from where, and where to. */
export interface PrepareRequest {
  /** Folder of the data set. */
  readonly from: string;
  /** Folder for decoded label maps; absent where there is nothing to decode, or the user wants none. */
  readonly to?: string;
  /** Is told of each file done. */
  readonly progress: (done: number, total: number) => void;
}

/** Side of the mode filter that removes the fringes of JPEG. */
const MODE_FILTER = 5;
/** Pixels farther than this from the palette, on average, are no facade labels. */
const STRANGE = 60;

/**
 * Checks A|B files by split: each decodes, has an even width, and is counted and hashed. Facades' label halves (B) are
 * decoded by the palette that they are in, cleaned, and written as `TO/B/SPLIT/NAME.png` beside the photographs
 * `TO/A/SPLIT/NAME.png`: the two-folder form, in CMP's own colours.
 *
 * @throws DataError naming all files that cannot be used, or if no split is there.
 */
export async function preparePairs(data: "facades" | "maps", request: PrepareRequest): Promise<DataManifest> {
  const { from, progress } = request;
  const published = publishedPairs[data];
  const trees: { split: string; names: string[] }[] = [];
  for (const split of Object.keys(published.counts)) {
    if (!(await isFolder(join(from, split)))) continue;
    const tree = await openImageTree(join(from, split));
    trees.push({ split, names: Array.from({ length: tree.count }, (_, index) => tree.nameOf(index)) });
  }
  if (trees.length === 0) {
    throw new DataError(
      `${from}: expected the folders ${Object.keys(published.counts).join(", ")} with A|B images, got none of them.`,
    );
  }
  const total = trees.reduce((sum, { names }) => sum + names.length, 0);
  const splits: Record<string, ManifestSplit> = {};
  const faults = createFaultList();
  const sizes = new Map<string, number>();
  let palette: PaletteMatch | undefined;
  let done = 0;
  for (const { split, names } of trees) {
    const files: ManifestFile[] = [];
    for (const name of names) {
      await faults.attempt(async () => {
        const { file, image } = await describeImage(from, `${split}/${name}`);
        const { photo, labels } = halvesOf(image, join(from, file.path));
        if (data === "facades") {
          palette ??= facadePalette(labels, join(from, file.path));
          if (request.to !== undefined) await writeDecoded(request.to, split, name, photo, labels, palette);
        }
        const size = `${image.width} x ${image.height}`;
        sizes.set(size, (sizes.get(size) ?? 0) + 1);
        files.push(file);
      });
      progress(++done, total);
    }
    splits[split] = { count: files.length, published: published.counts[split]!, files };
  }
  faults.assertNone(from);
  const expected = `${published.width} x ${published.height}`;
  const others = [...sizes].filter(([size]) => size !== expected);
  return {
    ...{ formatVersion: 1, data, form: "pix2pix", splits },
    ...(palette === undefined ? {} : { palette: { name: palette.palette.name, distance: palette.distance } }),
    warnings: [
      ...countWarnings(splits),
      ...others.map(([size, count]) => `${count} files of ${size}; the published ones have ${expected}`),
    ],
  };
}

function halvesOf(image: PixelImage, path: string): { photo: PixelImage; labels: PixelImage } {
  if (image.width % 2 !== 0) {
    throw new DataError(
      `${path}: expected A and B of one size side by side, so an even width, got ${image.width} x ${image.height}.`,
    );
  }
  const half = { width: image.width / 2, height: image.height, top: 0 };
  return { photo: cropImage(image, { ...half, left: 0 }), labels: cropImage(image, { ...half, left: half.width }) };
}

function facadePalette(labels: PixelImage, path: string): PaletteMatch {
  const match = closestPalette(labels, [cmpPngPalette, cmpJpegPalette]);
  if (match.distance > STRANGE) {
    throw new DataError(
      `${path}: expected facade labels in the right half, got colours that are ${match.distance.toFixed(0)} from the nearest palette on average. Are the halves swapped?`,
    );
  }
  return match;
}

async function writeDecoded(
  to: string,
  split: string,
  name: string,
  photo: PixelImage,
  labels: PixelImage,
  { palette }: PaletteMatch,
): Promise<void> {
  const stem = name.replace(/\.[^.]+$/, "");
  const decoded = modeFilter(labelMapFromColors(labels, palette), MODE_FILTER);
  await writePng(join(to, "A", split, `${stem}.png`), photo);
  await writePng(join(to, "B", split, `${stem}.png`), labelMapToColors(decoded, cmpPngPalette));
}
