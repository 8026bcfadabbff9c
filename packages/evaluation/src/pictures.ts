import { type ImageBatch, toUint8 } from "@divgen/core-tensors";
import type { Report } from "@divgen/experiment";
import { encodePng, imageGrid, type PixelImage, pixelImage } from "@divgen/image-files";

/** Words around rows of pictures. */
export interface PictureTitles {
  readonly caption: string;
  readonly rowTitles?: readonly string[];
  readonly columnTitles?: readonly string[];
}

/**
 * Images of a batch as bytes 0..255.
 *
 * @param images - [batch, height, width, 1 or 3] in [-1, 1], borrowed.
 */
export async function toPixelImages(images: ImageBatch): Promise<PixelImage[]> {
  const [count, height, width, channels] = images.shape;
  const bytes = await toUint8(images);
  const size = height * width * channels;
  return Array.from({ length: count }, (_, index) =>
    pixelImage(Uint8Array.from(bytes.subarray(index * size, (index + 1) * size)), { width, height, channels }),
  );
}

/** Adds rows of pictures of one size to a report; short rows are filled up with white. */
export async function addPictures(
  report: Report,
  rows: readonly (readonly PixelImage[])[],
  titles: PictureTitles,
): Promise<Report> {
  const { cells, columns } = cellsOf(rows);
  const images = await Promise.all(cells.map(async (cell) => ({ png: await encodePng(cell.pixels, cell) })));
  return report.imageGrid({ ...titles, images, columns });
}

/** Rows of pictures of one size as a PNG file; short rows are filled up with white. */
export async function pictureRowsPng(rows: readonly (readonly PixelImage[])[]): Promise<Uint8Array> {
  const { cells, columns } = cellsOf(rows);
  const grid = await imageGrid(cells, { columns, gap: 2 });
  return encodePng(grid.pixels, grid);
}

function cellsOf(rows: readonly (readonly PixelImage[])[]): { cells: PixelImage[]; columns: number } {
  const first = rows[0]?.[0];
  if (first === undefined) throw new RangeError("pictures: expected at least one row with a picture, got none");
  const { width, height, channels } = first;
  const columns = Math.max(...rows.map((row) => row.length));
  const blank = pixelImage(new Uint8Array(width * height * channels).fill(255), { width, height, channels });
  return {
    columns,
    cells: rows.flatMap((row) => Array.from({ length: columns }, (_, column) => row[column] ?? blank)),
  };
}
