import { describe, expect, test } from "vitest";
import { createSegmentResponse } from "./index.ts";

describe("segment response", () => {
  test("is the mean over layouts of segment means, ignored pixels aside", () => {
    const response = createSegmentResponse(3);
    response.add(0, [0.4, 0.2, 0.1, 9], [0, 0, 1, 255]);
    response.add(0, [0.5, 0.3, 0.1, 0.7], [0, 1, 1, 1]);
    response.add(1, [0, 0.02, 0.3, 0.5], [0, 0, 1, 1]);
    const { changes, layouts, own, others, linking } = response.compute();
    const near = (index: number, value: number) => expect(changes[index]).toBeCloseTo(value, 12);
    near(0, (0.3 + 0.5) / 2);
    near(1, (0.1 + 1.1 / 3) / 2);
    near(3, 0.01);
    near(4, 0.4);
    // No layout had class 2.
    expect([...layouts]).toEqual([2, 2, 0, 1, 1, 0, 0, 0, 0]);
    expect([2, 5, 6, 7, 8].every((index) => Number.isNaN(changes[index]))).toBe(true);
    expect(own).toBeCloseTo(0.4, 12);
    expect(others).toBeCloseTo((changes[1]! + 0.01) / 2, 12);
    expect(linking).toBeCloseTo(own / others, 12);
  });

  test("knobs that do nothing link nothing, knobs that change their segment alone link without bound", () => {
    const idle = createSegmentResponse(2);
    idle.add(0, [0, 0], [0, 1]);
    expect(idle.compute().linking).toBe(0);
    const perfect = createSegmentResponse(2);
    perfect.add(1, [0, 0.3], [0, 1]);
    expect(perfect.compute().linking).toBe(Number.POSITIVE_INFINITY);
  });

  test("what cannot be measured is refused", () => {
    expect(() => createSegmentResponse(1)).toThrow(/integer >= 2/);
    const response = createSegmentResponse(2);
    expect(() => response.compute()).toThrow(/at least one knob/);
    expect(() => response.add(1, [1, 1], [0, 0])).toThrow(/class of the layout, got 1/);
    expect(() => response.add(0, [1], [0, 0])).toThrow(/expected 2 pixels, got 1/);
    expect(() => response.add(0, [1, 1], [0, 2])).toThrow(/got 2 at pixel 1/);
    response.add(0, [1, 1], [0, 0]);
    expect(() => response.compute()).toThrow(/a layout of two classes/);
  });
});
