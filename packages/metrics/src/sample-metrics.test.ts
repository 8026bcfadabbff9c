import { assignToClusters } from "@divgen/clustering";
import { normalFloat64, randomKey, uniformFloat64 } from "@divgen/random";
import { expectClose } from "@divgen/tensor-testing";
import { describe, expect, test } from "vitest";
import deviations from "./golden/mode-deviation.json" with { type: "json" };
import golden from "./golden/samples.json" with { type: "json" };
import {
  countModes,
  deviationWithinModes,
  inceptionScore,
  kernelDistance,
  mixtureCoverage,
  neighbourMetrics,
  partitionAgreement,
  reverseKl,
  subsetKernelDistance,
  vendiScore,
  vendiScoreOfKernel,
} from "./index.ts";
import { takeRows } from "./take-rows.ts";

const matrixOf = ({ values, rows, columns }: { values: number[]; rows: number; columns: number }) => ({
  values: Float64Array.from(values),
  rows,
  columns,
});
const gaussianRows = (seed: number, rows: number, columns: number) => ({
  values: normalFloat64(randomKey(seed), rows * columns),
  rows,
  columns,
});

describe("precision, recall, density, coverage", () => {
  test.each(golden.neighbours)("equal prdc, k = $k", ({ real, fake, k, precision, recall, density, coverage }) => {
    const received = neighbourMetrics(matrixOf(real), matrixOf(fake), k);
    const expected = { precision, recall, density, coverage };
    for (const name of ["precision", "recall", "density", "coverage"] as const) {
      expect(received[name], name).toBeCloseTo(expected[name], 12);
    }
  });
  test("equal sets of equal distributions come near their expectations", () => {
    const { density, coverage } = neighbourMetrics(gaussianRows(1, 400, 6), gaussianRows(2, 400, 6), 5);
    expect(Math.abs(density - 1)).toBeLessThan(0.15);
    // 1 - [(N - 1) ... (N - k)] / [(M + N - 1) ... (M + N - k)], about 0.969.
    expect(Math.abs(coverage - 0.969)).toBeLessThan(0.03);
  });
  test("a collapsed generator is precise without recall or coverage; sets far apart share nothing", () => {
    const real = gaussianRows(1, 100, 3);
    const collapsed = { values: new Float64Array(150).fill(0.01), rows: 50, columns: 3 };
    for (let at = 0; at < 150; at++) collapsed.values[at]! += 1e-4 * at;
    const { precision, recall, coverage } = neighbourMetrics(real, collapsed, 5);
    expect(precision).toBe(1);
    expect(recall).toBe(0);
    expect(coverage).toBeLessThan(0.5);
    const far = { ...real, values: real.values.map((value) => value + 100) };
    expect(neighbourMetrics(real, far, 5)).toEqual({ precision: 0, recall: 0, density: 0, coverage: 0 });
  });
  test("k must leave neighbours", () => {
    expect(() => neighbourMetrics(gaussianRows(1, 5, 2), gaussianRows(2, 9, 2), 5)).toThrow(
      /neighbours: expected an integer in \[1, 4\], got 5/,
    );
    expect(() => neighbourMetrics(gaussianRows(1, 5, 2), gaussianRows(2, 9, 3), 2)).toThrow(
      /expected 2 features, got 3/,
    );
  });
});

describe("kernel distance", () => {
  const { first, second, unbiased, subset1, subset2, torchFidelityOfSubsets } = golden.kernel;

  test("equals the unbiased estimate of numpy, for sets of unlike size", () => {
    expectClose([kernelDistance(matrixOf(first), matrixOf(second))], [unbiased], { relative: 1e-10 });
    expectClose([kernelDistance(matrixOf(second), matrixOf(first))], [unbiased], { relative: 1e-10 });
  });
  test("equals torch-fidelity on its subsets", () => {
    const value = kernelDistance(takeRows(matrixOf(first), subset1), takeRows(matrixOf(second), subset2));
    expectClose([value], [torchFidelityOfSubsets], { relative: 1e-10 });
  });
  test("over subsets: the mean nears the whole, the key fixes it, too few samples are refused", () => {
    const [a, b] = [matrixOf(first), matrixOf(second)];
    const run = (seed: number) => subsetKernelDistance(a, b, { key: randomKey(seed), subsets: 200, subsetSize: 15 });
    const { value, standardDeviation } = run(1);
    expect(Math.abs(value - unbiased)).toBeLessThan((4 * standardDeviation) / Math.sqrt(200));
    expect(run(1)).toEqual({ value, standardDeviation });
    expect(() => subsetKernelDistance(a, b, { key: randomKey(1) })).toThrow(
      /first: expected at least 1000 samples, got 30/,
    );
  });
  test("is zero in expectation for equal distributions", () => {
    const values = Array.from({ length: 40 }, (_, i) =>
      kernelDistance(gaussianRows(2 * i, 60, 4), gaussianRows(2 * i + 1, 60, 4)),
    );
    const mean = values.reduce((sum, value) => sum + value, 0) / 40;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 40);
    expect(Math.abs(mean)).toBeLessThan((3 * deviation) / Math.sqrt(40));
    expect(Math.min(...values)).toBeLessThan(0);
  });
});

describe("Vendi score", () => {
  const orders = [0.5, 1, 2, Number.POSITIVE_INFINITY];
  const { kernelMatrix, ofKernelMatrix, features, ofFeatures, dualOfFeatures, wide, ofWide } = golden.vendi;

  test.each(orders.map((order, index) => ({ order, index })))(
    "equals vendi-score, order $order",
    ({ order, index }) => {
      const received = [
        vendiScoreOfKernel(Float64Array.from(kernelMatrix), 3, order),
        vendiScore(matrixOf(features), order),
        vendiScore(matrixOf(features), order),
        vendiScore(matrixOf(wide), order),
      ];
      const expected = [ofKernelMatrix[index]!, ofFeatures[index]!, dualOfFeatures[index]!, ofWide[index]!];
      expectClose(received, expected, { relative: 1e-6 });
    },
  );
  test("its paper's example: 0, 0, 10, 10, 20, 20 under exp(-|a - b|) are 3 less a trace", () => {
    const points = [0, 0, 10, 10, 20, 20];
    const kernel = Float64Array.from(points.flatMap((a) => points.map((b) => Math.exp(-Math.abs(a - b)))));
    // Its README prints 2.9999. Eigenvalues 1/3 (1 + O(e^-10)): the entropy falls short of ln 3 by about e^-20.
    expect(vendiScoreOfKernel(kernel, 6)).toBeLessThan(3);
    expect(vendiScoreOfKernel(kernel, 6)).toBeCloseTo(3, 7);
  });
  test("copies count as one, orthogonal samples as all", () => {
    const copies = { values: Float64Array.of(1, 2, 2, 4, 3, 6), rows: 3, columns: 2 };
    const orthogonal = { values: Float64Array.of(1, 0, 0, 0, 5, 0, 0, 0, 2), rows: 3, columns: 3 };
    for (const order of orders) {
      expect(vendiScore(copies, order)).toBeCloseTo(1, 10);
      expect(vendiScore(orthogonal, order)).toBeCloseTo(3, 10);
    }
  });
  test("a row of zeros, a wrong order and a diagonal that is not 1 are refused", () => {
    expect(() => vendiScore({ values: Float64Array.of(1, 1, 0, 0), rows: 2, columns: 2 })).toThrow(
      /got zeros in row 1/,
    );
    expect(() => vendiScore(gaussianRows(1, 3, 2), 0)).toThrow(/order: expected a number > 0, got 0/);
    expect(() => vendiScoreOfKernel(Float64Array.of(2, 0, 0, 1), 2)).toThrow(/ones on the diagonal, got 2 at 0/);
  });
});

describe("exp(KL) score", () => {
  const { logits, splits, mean, standardDeviation, oneSplit } = golden.inception;

  test("equals torch-fidelity without shuffle", () => {
    const received = inceptionScore(matrixOf(logits), { splits });
    expectClose([received.value, received.standardDeviation], [mean, standardDeviation], { relative: 1e-10 });
    expectClose([inceptionScore(matrixOf(logits), { splits: 1 }).value], [oneSplit], { relative: 1e-10 });
  });
  test("one split does not depend on the order, and huge logits do not overflow", () => {
    const shuffled = inceptionScore(matrixOf(logits), { splits: 1, key: randomKey(3) });
    expectClose([shuffled.value], [oneSplit], { relative: 1e-10 });
    const certain = { values: Float64Array.of(1e4, 0, 0, 1e4), rows: 2, columns: 2 };
    expectClose([inceptionScore(certain, { splits: 1 }).value], [2], { relative: 1e-12 });
  });
  test("more splits than samples are refused", () => {
    expect(() => inceptionScore(gaussianRows(1, 4, 3))).toThrow(/splits: expected an integer in \[1, 4\], got 10/);
  });
});

describe("agreement of partitions", () => {
  test.each(golden.agreement)("equals scikit-learn, case %#", (expected) => {
    const received = partitionAgreement(expected.classes, expected.clusters);
    const { nmi, nmiGeometric, ari, purity, inversePurity, hungarianAccuracy } = expected;
    expectClose(
      [
        received.nmi,
        received.geometricNmi,
        received.ari,
        received.purity,
        received.inversePurity,
        received.hungarianAccuracy,
      ],
      [nmi, nmiGeometric, ari, purity, inversePurity, hungarianAccuracy],
      { relative: 1e-10 },
    );
  });
  test("is perfect for a renumbered partition and defined for trivial ones", () => {
    const perfect = { nmi: 1, geometricNmi: 1, purity: 1, inversePurity: 1, ari: 1, hungarianAccuracy: 1 };
    const received = partitionAgreement([0, 0, 1, 2], [2, 2, 0, 1]);
    for (const [name, value] of Object.entries(perfect)) {
      expect(received[name as keyof typeof perfect], name).toBeCloseTo(value, 12);
    }
    expect(partitionAgreement([0, 0, 0], [0, 0, 0])).toEqual(perfect);
    expect(partitionAgreement([0, 1, 0, 1], [0, 0, 0, 0])).toMatchObject({
      nmi: 0,
      ari: 0,
      purity: 0.5,
      inversePurity: 1,
    });
  });
  test("labels that are no numbers >= 0 are refused", () => {
    expect(() => partitionAgreement([0, -1], [0, 0])).toThrow(/classes: expected integers >= 0, got -1 at row 1/);
    expect(() => partitionAgreement([0], [0, 1])).toThrow(/clusters: expected 1 numbers/);
  });
});

describe("mode coverage", () => {
  // The grid of self-conditioned GAN: means (2i - 4, 2j - 4), standard deviation 0.05.
  const means = {
    values: Float64Array.from({ length: 50 }, (_, at) =>
      at % 2 === 0 ? 2 * Math.floor(at / 10) - 4 : 2 * ((at >> 1) % 5) - 4,
    ),
    rows: 25,
    columns: 2,
  };
  const sampled = (modes: number, count: number) => {
    const noise = normalFloat64(randomKey(1), 2 * count, { standardDeviation: 0.05 });
    const picked = uniformFloat64(randomKey(2), count).map((unit) => Math.floor(unit * modes));
    return {
      values: noise.map((value, at) => value + means.values[2 * picked[at >> 1]! + (at % 2)]!),
      rows: count,
      columns: 2,
    };
  };

  test("of true samples: all modes, 98.89% by the disc and 99.46% by the box, reverse KL about (m - 1) / 2N", () => {
    const points = sampled(25, 20_000);
    const disc = mixtureCoverage(points, means, 0.05, { rule: "disc" });
    const box = mixtureCoverage(points, means, 0.05, { rule: "box" });
    expect(disc.modes).toBe(25);
    // 1 - exp(-9 / 2) and erf(3 / sqrt 2)^2; three standard errors.
    expect(Math.abs(disc.highQualityShare - 0.98889)).toBeLessThan(0.0023);
    expect(Math.abs(box.highQualityShare - 0.99461)).toBeLessThan(0.0016);
    expect(disc.reverseKl).toBeLessThan(0.0015);
    expect(disc.nearestCounts.reduce((sum, count) => sum + count)).toBe(20_000);
  });
  test("counts a mode only by a good point, and every point in the reverse KL", () => {
    const points = { values: Float64Array.of(-4, -4, -4, -2.3, 4, 4), rows: 3, columns: 2 };
    const coverage = mixtureCoverage(points, means, 0.05, { rule: "disc" });
    expect(coverage.modes).toBe(2);
    expect(coverage.highQualityShare).toBeCloseTo(2 / 3, 12);
    expect(coverage.nearestCounts[1]).toBe(1);
    expect(coverage.reverseKl).toBeCloseTo(Math.log(25 / 3), 12);
  });
  test("within modes: of true samples what a cut at three deviations leaves, half for half the spread, 0 for points alike", () => {
    const mixture = { means, standardDeviation: 0.05 };
    // Of a Rayleigh distance below r = 3: E[r^2] / 2 = 1 - (r^2 / 2) e^(-r^2 / 2) / (1 - e^(-r^2 / 2)).
    const cut = Math.sqrt(1 - (4.5 * Math.exp(-4.5)) / (1 - Math.exp(-4.5)));
    const points = sampled(25, 20_000);
    // Of the deviation of 1,600 values a mode, over 25 modes: three standard errors.
    expect(Math.abs(deviationWithinModes(points, mixture)! - cut)).toBeLessThan(0.011);
    const { labels } = assignToClusters(points, means);
    const halved = points.values.map((value, at) => (value + means.values[2 * labels[at >> 1]! + (at % 2)]!) / 2);
    expect(Math.abs(deviationWithinModes({ ...points, values: halved }, mixture)! - 0.5)).toBeLessThan(0.006);
    const alike = { values: Float64Array.of(4.01, 4, 4.01, 4, -4, -4, -4, -4), rows: 4, columns: 2 };
    expect(deviationWithinModes(alike, mixture)).toBeCloseTo(0, 5);
  });
  test(`within modes: as ${deviations.provenance}`, () => {
    const rowsOf = (values: number[]) => ({ values: Float64Array.from(values), rows: values.length / 2, columns: 2 });
    const { standardDeviation } = deviations;
    const mixture = { means: rowsOf(deviations.means), standardDeviation };
    const value = deviationWithinModes(rowsOf(deviations.points), mixture)!;
    expectClose([value], [deviations.deviation], { relative: 1e-12, absolute: 0 });
  });
  test("within modes: by hand, bad points and modes of one point aside", () => {
    const one = { means: { values: Float64Array.of(0, 0, 9, 9), rows: 2, columns: 2 }, standardDeviation: 0.5 };
    // Variances 1 / 2 and 0 about (0.5, 0): sqrt(1 / 4) / 0.5; (1.5, 0) is at three deviations, (9, 9) alone.
    const points = { values: Float64Array.of(0, 0, 1, 0, 1.5, 0, 9, 9), rows: 4, columns: 2 };
    expect(deviationWithinModes(points, one)).toBeCloseTo(1, 12);
    expect(deviationWithinModes({ ...points, values: points.values.slice(4), rows: 2 }, one)).toBeUndefined();
    expect(() => deviationWithinModes(points, { ...one, standardDeviation: 0 })).toThrow("standardDeviation");
  });
  test("ten of 25 modes alone are a reverse KL of ln 2.5", () => {
    const { modes, reverseKl: divergence } = mixtureCoverage(sampled(10, 20_000), means, 0.05, { rule: "disc" });
    expect(modes).toBe(10);
    expect(Math.abs(divergence - Math.log(2.5))).toBeLessThan(0.002);
  });
  test("of classes: base 10 and references as asked", () => {
    expect(countModes([0, 0, 1, 3], 4)).toEqual({ modes: 3, reverseKl: 0.5 * Math.log(2) + 0.5 * Math.log(1) });
    expect(reverseKl([1, 0], undefined, { base: 10 })).toBeCloseTo(Math.log10(2), 14);
    expect(reverseKl([3, 1], [6, 2])).toBe(0);
    expect(reverseKl([1, 1], [1, 0])).toBe(Number.POSITIVE_INFINITY);
    expect(() => countModes([4], 4)).toThrow(/labels: expected integers in \[0, 4\), got 4 at sample 0/);
    expect(() => countModes([], 4)).toThrow(/counts: expected a positive total/);
  });
});
