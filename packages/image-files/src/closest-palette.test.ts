import { expect, test } from "vitest";
import { closestPalette, cmpJpegPalette, cmpPngPalette, labelMapToColors, pixelImage } from "./pixels.ts";

const labels = { classIds: Uint8Array.from({ length: 24 }, (_, index) => (index % 12) + 1), width: 6, height: 4 };

test.each([cmpPngPalette, cmpJpegPalette])("labels drawn in $name are told from the other palette", (palette) => {
  const image = labelMapToColors(labels, palette);
  expect(closestPalette(image, [cmpPngPalette, cmpJpegPalette])).toEqual({ palette, distance: 0 });
  // What JPEG does to them: off by up to 15.
  const pixels = image.pixels.map((value, index) => Math.max(0, Math.min(255, value + ((index * 7) % 31) - 15)));
  expect(closestPalette({ ...image, pixels }, [cmpPngPalette, cmpJpegPalette]).palette).toBe(palette);
});

test("the distance is the root of the mean square", () => {
  // (3, 4, 170) is 5 from the background's (0, 0, 170), the other pixel 0.
  const image = pixelImage(Uint8Array.of(3, 4, 170, 0, 0, 170), { width: 2, height: 1, channels: 3 });
  expect(closestPalette(image, [cmpPngPalette]).distance).toBeCloseTo(Math.sqrt(25 / 2), 12);
  expect(() => closestPalette(image, [])).toThrow("palettes: expected at least one");
});
