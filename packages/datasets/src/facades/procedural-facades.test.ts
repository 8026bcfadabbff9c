import { createHash } from "node:crypto";
import { randomKey } from "@divgen/random";
import { describe, expect, it } from "vitest";
import { drawFacadeLayout } from "./draw-facade-layout.ts";
import type { FacadeLayout } from "./facade-layout.ts";
import { facadeStyles } from "./facade-styles.ts";
import { facadeLabelMap, placeBox } from "./place-parts.ts";
import { createProceduralFacades } from "./procedural-facades.ts";
import { renderFacade } from "./render-facade.ts";

const key = randomKey(0).split("facades");

function layouts(count: number): FacadeLayout[] {
  return Array.from({ length: count }, (_, index) => drawFacadeLayout(key.fold(index)));
}

describe("layouts", () => {
  it("use all twelve classes and nothing else", () => {
    const counts = new Map<number, number>();
    for (const layout of layouts(60)) {
      for (const id of new Set(facadeLabelMap(layout, 64).classIds)) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    // Every facade has sky, wall, windows, a door and a roof molding; each other class is common.
    for (const id of [1, 2, 3, 4, 10]) expect(counts.get(id)).toBe(60);
    for (const count of counts.values()) expect(count).toBeGreaterThan(10);
  });

  it("are unlike each other", () => {
    const maps = layouts(60).map((layout) => Buffer.from(facadeLabelMap(layout, 32).classIds).toString("hex"));
    expect(new Set(maps).size).toBe(60);
  });

  it("are the same at every size, up to whole pixels", () => {
    for (const layout of layouts(10)) {
      const small = facadeLabelMap(layout, 64).classIds;
      const large = facadeLabelMap(layout, 256).classIds;
      const same = small.filter((id, place) => {
        const row = Math.floor(place / 64) * 4 + 2;
        return large[row * 256 + (place % 64) * 4 + 2] === id;
      }).length;
      // Edges move by up to half a small pixel, and thin parts are widened to a whole one.
      expect(same / small.length).toBeGreaterThan(0.85);
    }
  });

  it("keep parts of less than a pixel visible", () => {
    expect(placeBox({ left: 0.1, top: 0.501, right: 0.2, bottom: 0.502 }, 64)).toEqual({
      left: 6,
      top: 32,
      right: 13,
      bottom: 33,
    });
  });
});

describe("renderings", () => {
  const [layout] = layouts(1) as [FacadeLayout];

  it.each([32, 64, 128])("exist for size %i in every style, none flat, none like another", (size) => {
    const hashes = facadeStyles.map((style) => {
      const { pixels, width, height, channels } = renderFacade(layout, style, size, key);
      expect([width, height, channels, pixels.length]).toEqual([size, size, 3, size * size * 3]);
      expect(deviation(pixels)).toBeGreaterThan(8);
      return createHash("sha256").update(pixels).digest("hex");
    });
    expect(new Set(hashes).size).toBe(facadeStyles.length);
  });

  it("repeat under a key and differ under another", () => {
    const style = facadeStyles[0]!;
    expect(renderFacade(layout, style, 64, key)).toEqual(renderFacade(layout, style, 64, key));
    expect(renderFacade(layout, style, 64, key)).not.toEqual(renderFacade(layout, style, 64, key.fold(1)));
  });

  it("show what the layout says, where it says it", () => {
    const windows = layout.parts.filter(({ className }) => className === "window");
    const removed = windows[0]!;
    const without = { ...layout, parts: layout.parts.filter((part) => part !== removed) };
    const size = 128;
    const box = placeBox(removed.box, size);
    for (const style of facadeStyles) {
      const full = renderFacade(layout, style, size, key).pixels;
      const bare = renderFacade(without, style, size, key).pixels;
      let inside = 0;
      let outside = 0;
      for (let place = 0; place < size * size; place++) {
        const column = place % size;
        const row = Math.floor(place / size);
        const change = Math.abs(full[place * 3 + 1]! - bare[place * 3 + 1]!);
        const near = 6;
        if (column >= box.left && column < box.right && row >= box.top && row < box.bottom) inside += change;
        else if (
          column < box.left - near ||
          column >= box.right + near ||
          row < box.top - near ||
          row >= box.bottom + near
        ) {
          outside += change;
        }
      }
      const area = (box.right - box.left) * (box.bottom - box.top);
      expect(inside / area, style.name).toBeGreaterThan(8);
      expect(outside, style.name).toBe(0);
    }
  });
});

describe("createProceduralFacades", () => {
  it("deals styles by their weights and in mixed order", async () => {
    const count = 100;
    const dataset = createProceduralFacades({ size: 32, count, key, split: "train" });
    const styles = await Promise.all(Array.from({ length: count }, async (_, i) => (await dataset.load(i)).style));
    const counts = facadeStyles.map(({ id }) => styles.filter((style) => style === id).length);
    expect(counts).toEqual([22, 17, 13, 11, 9, 8, 6, 5, 5, 4]);
    expect(styles.slice(0, 22).filter((style) => style === 0).length).toBeLessThan(15);
    expect(facadeStyles.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
  });

  it("has unlike parts, and layouts that do not depend on style or count", async () => {
    const options = { size: 64, key } as const;
    const train = createProceduralFacades({ ...options, count: 20, split: "train" });
    const longer = createProceduralFacades({ ...options, count: 57, split: "train" });
    const test = createProceduralFacades({ ...options, count: 20, split: "test" });
    const seen = new Set<string>();
    let restyled = 0;
    for (let index = 0; index < 20; index++) {
      const [a, b, c] = await Promise.all([train.load(index), longer.load(index), test.load(index)]);
      expect(a.labels).toEqual(b.labels);
      if (a.style === b.style) expect(a).toEqual(b);
      else restyled++;
      seen.add(Buffer.from(a.labels.classIds).toString("hex")).add(Buffer.from(c.labels.classIds).toString("hex"));
    }
    expect(restyled).toBeGreaterThan(0);
    expect(seen.size).toBe(40);
  });

  it("has styles that the simplest features tell apart", async () => {
    const count = 200;
    const features = async (split: "train" | "test") => {
      const dataset = createProceduralFacades({ size: 32, count, key, split });
      return Promise.all(
        Array.from({ length: count }, async (_, index) => {
          const { target, style } = await dataset.load(index);
          return { style, feature: meanColor(target.pixels) };
        }),
      );
    };
    const [train, test] = [await features("train"), await features("test")];
    const means = facadeStyles.map(({ id }) => {
      const own = train.filter(({ style }) => style === id);
      return [0, 1, 2].map((axis) => own.reduce((sum, { feature }) => sum + feature[axis]!, 0) / own.length);
    });
    const hits = test.filter(({ style, feature }) => {
      const distances = means.map((mean) => Math.hypot(...mean.map((value, axis) => value - feature[axis]!)));
      return distances.indexOf(Math.min(...distances)) === style;
    }).length;
    // Mean colour alone; chance is 0.22. Grey concrete and the timber frame are close in it.
    expect(hits / count).toBeGreaterThan(0.8);
  });

  it("refuses sizes that are no power of two and numbers out of range", async () => {
    const options = { count: 3, key, split: "train" } as const;
    expect(() => createProceduralFacades({ ...options, size: 48 })).toThrow("power of two from 32, got 48");
    expect(() => createProceduralFacades({ ...options, size: 16 })).toThrow("got 16");
    await expect(createProceduralFacades({ ...options, size: 32 }).load(3)).rejects.toThrow("[0, 3), got 3");
  });
});

function meanColor(pixels: Uint8Array): number[] {
  const sums = [0, 0, 0];
  pixels.forEach((value, place) => {
    sums[place % 3]! += value;
  });
  return sums.map((sum) => (3 * sum) / pixels.length);
}

function deviation(pixels: Uint8Array): number {
  const mean = pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
  return Math.sqrt(pixels.reduce((sum, value) => sum + (value - mean) ** 2, 0) / pixels.length);
}
