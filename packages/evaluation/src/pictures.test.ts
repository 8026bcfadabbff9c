import { fromUint8 } from "@divgen/core-tensors";
import { createReport } from "@divgen/experiment";
import { pixelImage } from "@divgen/image-files";
import { useReferenceBackend } from "@divgen/tensor-testing";
import { expect, test } from "vitest";
import { addPictures, pictureRowsPng, toPixelImages } from "./pictures.ts";

await useReferenceBackend();

const picture = (grey: number) => pixelImage(new Uint8Array(12).fill(grey), { width: 2, height: 2, channels: 3 });

test("toPixelImages gives back the bytes that a batch was made of", async () => {
  const bytes = Uint8Array.from({ length: 24 }, (_, index) => index * 10);
  const batch = fromUint8(bytes, { batch: 2, height: 2, width: 2, channels: 3 });
  const images = await toPixelImages(batch);
  batch.dispose();
  expect(images.map(({ pixels }) => [...pixels])).toEqual([[...bytes.slice(0, 12)], [...bytes.slice(12)]]);
});

test("short rows are filled up, and titles stay", async () => {
  const report = createReport({ title: "test" });
  const rows = [[picture(0), picture(1)], [picture(2)]];
  await addPictures(report, rows, { caption: "four", rowTitles: ["first", "second"] });
  const { sections } = report.json() as { sections: { images: object[]; columns: number; rowTitles: string[] }[] };
  expect(sections[0]).toMatchObject({ columns: 2, rowTitles: ["first", "second"] });
  expect(sections[0]!.images).toHaveLength(4);
  const png = await pictureRowsPng(rows);
  expect([...png.subarray(1, 4)]).toEqual([..."PNG"].map((letter) => letter.charCodeAt(0)));
});

test("no picture at all is an error", async () => {
  await expect(pictureRowsPng([[]])).rejects.toThrow("expected at least one row with a picture");
});
