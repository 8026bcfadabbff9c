import { describe, expect, test } from "vitest";
import { assertComparable, describeMetric, metricNames, metricTitle } from "./index.ts";

const provenance = {
  extractor: "tiny-efficientnet",
  weightHash: "abc",
  resizeRule: "bilinear-224",
  protocol: "msgan-facades",
  seed: 3,
};

describe("results", () => {
  test("carry value, direction, counts and provenance", () => {
    const result = describeMetric("ndb", 11, 5000, provenance, { referenceCount: 400, details: { bins: 20 } });
    expect(result).toEqual({
      metric: "ndb",
      value: 11,
      higherIsBetter: false,
      unit: "bins",
      count: 5000,
      referenceCount: 400,
      ...provenance,
      details: { bins: 20 },
      warnings: [],
    });
    expect(metricNames).toContain("ndb");
  });
  test("are never NaN", () => {
    expect(() => describeMetric("frechet-distance", Number.NaN, 2, provenance)).toThrow(
      /frechet-distance: the value is NaN/,
    );
  });
  test("are titled FID only with the original weights", () => {
    const own = describeMetric("frechet-distance", 1, 2, provenance);
    const claimed = { ...own, extractor: "inception-v3-fid" };
    expect(metricTitle(own)).toBe("Frechet distance (tiny-efficientnet)");
    expect(metricTitle(claimed)).toBe("Frechet distance (inception-v3-fid)");
    expect(metricTitle(claimed, { "inception-v3-fid": "other" })).toBe("Frechet distance (inception-v3-fid)");
    expect(metricTitle(claimed, { "inception-v3-fid": "abc" })).toBe("FID");
  });
  test("stand in one column only when extractor and protocol agree", () => {
    const result = describeMetric("jsd", 0.1, 5000, provenance);
    expect(() => assertComparable([result, { ...result, value: 0.2, seed: 4 }])).not.toThrow();
    expect(() => assertComparable([result, { ...result, protocol: "cluster-facades" }])).toThrow(
      /results: expected one protocol, got msgan-facades and cluster-facades/,
    );
    expect(() => assertComparable([result, { ...result, weightHash: "d" }])).toThrow(/one weightHash/);
  });
});
