import { pngSize } from "../png-size.ts";
import { escapeHtml, inlineHtml } from "./html-text.ts";
import type { ImageGrid, ReportImage } from "./report-sections.ts";

/** Pictures up to this width are enlarged without smoothing, so that their pixels stay what they are. */
const SMALL = 160;

/** Pictures as a figure; titles beside rows and above columns where there are any. */
export function imageGridHtml(grid: ImageGrid, number: number): string {
  const { images, columns, columnTitles = [], rowTitles = [] } = grid;
  const cells: string[] = [];
  if (columnTitles.length > 0) {
    if (rowTitles.length > 0) cells.push("<span></span>");
    cells.push(...columnTitles.map((title) => `<span class="column-title">${inlineHtml(title)}</span>`));
  }
  for (const [index, image] of images.entries()) {
    if (columns !== undefined && rowTitles.length > 0 && index % columns === 0) {
      cells.push(`<span class="row-title">${inlineHtml(rowTitles[index / columns] ?? "")}</span>`);
    }
    cells.push(imageHtml(image, `${grid.caption}, ${image.label ?? `picture ${index + 1}`}`));
  }
  const template =
    columns === undefined
      ? "justify-content:start;grid-template-columns:repeat(auto-fill,minmax(min(100%,9rem),max-content))"
      : `grid-template-columns:${rowTitles.length > 0 ? "max-content " : ""}repeat(${columns},minmax(${leastWidth(images)}px,${widthLimit(images)}px))`;
  return `<figure>
<div class="scroll"><div class="images" style="${template}">
${cells.join("\n")}
</div></div>
<figcaption><b>Figure ${number}.</b> ${inlineHtml(grid.caption)}</figcaption>
</figure>`;
}

function imageHtml({ png, label }: ReportImage, description: string): string {
  const { width, height } = pngSize(png);
  const data = Buffer.from(png.buffer, png.byteOffset, png.byteLength).toString("base64");
  const look = width <= SMALL ? ' class="small"' : "";
  const text = label === undefined ? "" : `<span class="label">${inlineHtml(label)}</span>`;
  return `<span class="image"><img${look} width="${width}" height="${height}" alt="${escapeHtml(description)}" src="data:image/png;base64,${data}">${text}</span>`;
}

/** Narrower than this nobody sees what a picture shows, and the labels of neighbours run into each other. */
const LEAST = 60;

/** Where the page is too narrow for all columns at this width, the grid scrolls. */
function leastWidth(images: readonly ReportImage[]): number {
  return Math.min(LEAST, widthLimit(images));
}

/** Small pictures are shown at twice their size, wide ones at their own. */
function widthLimit(images: readonly ReportImage[]): number {
  const widest = Math.max(1, ...images.map(({ png }) => pngSize(png).width));
  return widest <= SMALL ? Math.max(64, 2 * widest) : widest;
}
