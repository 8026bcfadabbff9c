import { ShapeError } from "@divgen/core-tensors";
import sharp from "sharp";
import type { Color } from "./label-palette.ts";
import type { PixelImage } from "./pixel-image.ts";
import { type TileOptions, tileImages } from "./tile-images.ts";

/** A grid with words at its edges. */
export interface ImageGridOptions extends TileOptions {
  /** One heading a row, left of it. */
  readonly rowHeadings?: readonly string[];
  /** One heading a column, above it. */
  readonly columnHeadings?: readonly string[];
  /** Height of the letters in pixels. @defaultValue 14 */
  readonly headingSize?: number;
  /** @defaultValue black on a light background, white on a dark one */
  readonly headingColor?: Color;
}

/** Mean width of a sans-serif letter over its height. */
const LETTER_WIDTH = 0.58;

/**
 * One RGB image of many with optional headings. Headings are drawn as text with the machine's sans-serif font; on a
 * machine without any font they stay blank. Long column headings are squeezed into their column.
 *
 * @throws ShapeError as `tileImages`, or if the number of headings is not that of rows or columns.
 */
export async function imageGrid(images: readonly PixelImage[], options: ImageGridOptions): Promise<PixelImage> {
  const { columns, gap = 2, zoom = 1, background = [255, 255, 255] } = options;
  const { rowHeadings = [], columnHeadings = [], headingSize = 14 } = options;
  const grid = tileImages(images, { columns, gap, zoom, background });
  if (rowHeadings.length === 0 && columnHeadings.length === 0) return grid;
  const rows = Math.ceil(images.length / columns);
  assertHeadings("rowHeadings", rowHeadings, rows);
  assertHeadings("columnHeadings", columnHeadings, columns);

  const longest = Math.max(0, ...rowHeadings.map((heading) => heading.length));
  const left = rowHeadings.length > 0 ? Math.ceil(longest * headingSize * LETTER_WIDTH) + headingSize : 0;
  const top = columnHeadings.length > 0 ? Math.ceil(headingSize * 1.6) : 0;
  const width = grid.width + left;
  const height = grid.height + top;
  const tileWidth = images[0]!.width * zoom;
  const tileHeight = images[0]!.height * zoom;
  const texts: string[] = [];
  rowHeadings.forEach((heading, row) => {
    const y = top + gap + row * (tileHeight + gap) + tileHeight / 2 + headingSize * 0.35;
    texts.push(textElement(heading, left - headingSize * 0.5, y, "end"));
  });
  columnHeadings.forEach((heading, column) => {
    const x = left + gap + column * (tileWidth + gap) + tileWidth / 2;
    const room = tileWidth + gap;
    const squeeze =
      heading.length * headingSize * LETTER_WIDTH > room ? ` textLength="${room}" lengthAdjust="spacingAndGlyphs"` : "";
    texts.push(textElement(heading, x, headingSize * 1.15, "middle", squeeze));
  });
  const dark = background[0] * 0.299 + background[1] * 0.587 + background[2] * 0.114 < 128;
  const color = options.headingColor ?? (dark ? [255, 255, 255] : [0, 0, 0]);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><g font-family="DejaVu Sans, Liberation Sans, Arial, sans-serif" font-size="${headingSize}" fill="rgb(${color.join()})">${texts.join("")}</g></svg>`;
  const [red, green, blue] = background;
  const pixels = await sharp({ create: { width, height, channels: 3, background: { r: red, g: green, b: blue } } })
    .composite([
      {
        input: Buffer.from(grid.pixels.buffer),
        raw: { width: grid.width, height: grid.height, channels: 3 },
        left,
        top,
      },
      { input: Buffer.from(svg), left: 0, top: 0 },
    ])
    .removeAlpha()
    .raw()
    .toBuffer();
  return { pixels: new Uint8Array(pixels), width, height, channels: 3 };
}

function textElement(text: string, x: number, y: number, anchor: "end" | "middle", extra = ""): string {
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return `<text x="${x}" y="${y}" text-anchor="${anchor}"${extra}>${escaped}</text>`;
}

function assertHeadings(name: string, headings: readonly string[], expected: number): void {
  if (headings.length !== 0 && headings.length !== expected) {
    throw new ShapeError(`${name}: expected ${expected} headings or none, got ${headings.length}`);
  }
}
