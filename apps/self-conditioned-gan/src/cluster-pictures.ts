import type { ImageBatch } from "@divgen/core-tensors";
import type { Report } from "@divgen/experiment";
import { encodePng, type PixelImage, tileImages } from "@divgen/image-files";
import type { Config, Method } from "./config.ts";
import type { ImageData } from "./image-data.ts";
import { imagesOf } from "./image-pictures.ts";
import type { ShownRun } from "./task.ts";

/** Clusters of a report, the largest first. */
const SHOWN_CLUSTERS = 10;
/** Pixels of a block of images, two of which fit beside each other on a page. */
const BLOCK_WIDTH = 400;

/** What the classes of a method are, where they are no clusters. */
const classNames: Readonly<Partial<Record<Method, string>>> = {
  mgan: "generators",
  "random-labels": "random labels",
  "class-conditional": "true classes",
};

/**
 * Adds a row for each of the largest clusters: a block of real images left, one of generated images right; 12 and 12 of
 * 32 x 32, fewer of large ones. Where real images have no class (mgan, random labels) there are generated ones alone, and
 * nothing for unconditional generators.
 */
export async function addClusterPictures(
  report: Report,
  { ofClass, classCount, subsetConditions, key }: ShownRun<ImageBatch>,
  { images, order }: Pick<ImageData, "images" | "order">,
  { data, method }: Pick<Config, "data" | "method">,
): Promise<void> {
  if (ofClass === undefined) return;
  const layout = blockLayout(data.size);
  const count = 2 * layout.columns;
  const members = subsetConditions === undefined ? undefined : membersOf(subsetConditions, classCount);
  const shown = (members === undefined ? [...Array(classCount).keys()] : largestFirst(members)).slice(
    0,
    SHOWN_CLUSTERS,
  );
  const blocks: PixelImage[] = [];
  for (const classId of shown) {
    if (members !== undefined) {
      const real = members[classId]!.slice(0, count).map((place) => images.load(order[place]!));
      blocks.push(
        tileImages(
          (await Promise.all(real)).map(({ image }) => image),
          layout,
        ),
      );
    }
    const generated = await imagesOf(ofClass(classId, count, key.split("clusters").fold(classId)));
    blocks.push(tileImages(generated, layout));
  }
  const name = classNames[method] ?? "clusters";
  const side = members === undefined ? {} : { columnTitles: ["real", "generated"] };
  report.imageGrid({
    ...side,
    images: await Promise.all(blocks.map(async (block) => ({ png: await encodePng(block.pixels, block) }))),
    columns: members === undefined ? 1 : 2,
    caption:
      members === undefined
        ? `Generated images of ${shown.length} ${name}, a row each.`
        : `The ${shown.length} largest ${name}, a row each with the images it has in the clustered subset: real ones left, generated ones right.`,
    rowTitles: shown.map((classId) =>
      members === undefined ? String(classId) : `${classId} (${members[classId]!.length.toLocaleString("en")})`,
    ),
  });
}

/** Two lines of images; small ones are shown at twice their size. */
function blockLayout(size: number): { readonly columns: number; readonly zoom: number } {
  const zoom = size <= 32 ? 2 : 1;
  return { columns: Math.max(2, Math.min(6, Math.floor(BLOCK_WIDTH / (size * zoom)))), zoom };
}

/** Places of each class's samples in the subset. */
function membersOf(labels: Int32Array, classCount: number): number[][] {
  const members = Array.from({ length: classCount }, (): number[] => []);
  for (const [place, label] of labels.entries()) members[label]!.push(place);
  return members;
}

/** Classes with members. */
function largestFirst(members: readonly (readonly number[])[]): number[] {
  return [...members.keys()]
    .filter((classId) => members[classId]!.length > 0)
    .sort((a, b) => members[b]!.length - members[a]!.length);
}
