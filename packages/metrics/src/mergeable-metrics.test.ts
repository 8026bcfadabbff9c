import { integers, normalFloat64, randomKey } from "@divgen/random";
import { describe, expect, test } from "vitest";
import {
  type ConditionDistances,
  compareBins,
  confusionMatrix,
  countInBins,
  countModes,
  createBinMetrics,
  createBins,
  createImageSimilarity,
  createMixtureCoverage,
  createModeCounts,
  createPairwiseDiversity,
  createPartitionAgreement,
  createPerceptualDistance,
  createSegmentationScores,
  type FeatureMapPair,
  type ImagePair,
  type MergeableMetric,
  meanOfPairs,
  mixtureCoverage,
  multiScaleStructuralSimilarity,
  pairwiseDiversity,
  partitionAgreement,
  peakSignalToNoiseRatio,
  perceptualDistance,
  segmentationScores,
  structuralSimilarity,
} from "./index.ts";

const provenance = { extractor: "pixels", weightHash: "none", resizeRule: "none", protocol: "custom", seed: 1 };
const key = randomKey(11);
const SAMPLES = 60;
const normals = (label: string, count: number) => normalFloat64(key.split(label), count);
const labels = (label: string, classes: number) => integers(key.split(label), SAMPLES, 0, classes);

const rowsOf = (values: Float64Array, columns: number) => ({ values, rows: values.length / columns, columns });
const points = normals("points", SAMPLES * 2).map((value) => 2 * value);
const means = rowsOf(Float64Array.of(0, 0, 2, 2, -2, -2, 9, 9), 2);
const bins = createBins(rowsOf(normals("training", 400), 4), { key, binCount: 5, whitening: true });
const wide = normals("wide", SAMPLES * 4);
const classes = labels("classes", 5);
const clusters = labels("clusters", 7).map((cluster, row) => (cluster + classes[row]!) % 7);

const side = 12;
const picture = (label: string): ImagePair => {
  const size = { height: side, width: side, channels: 3 };
  const first = normals(`${label} first`, side * side * 3);
  const noise = normals(`${label} second`, side * side * 3);
  return { first, second: first.map((value, at) => value + 0.3 * noise[at]!), ...size };
};
const pictures = Array.from({ length: SAMPLES }, (_, index) => picture(`picture ${index}`));
const activations = Array.from({ length: SAMPLES }, (_, index): FeatureMapPair => {
  const maps = (which: string) => [
    { values: normals(`${which} ${index} a`, 12), height: 2, width: 2, channels: 3 },
    { values: normals(`${which} ${index} b`, 5), height: 1, width: 1, channels: 5 },
  ];
  return { first: maps("first"), second: maps("second") };
});
const heads = [normals("head a", 3).map(Math.abs), normals("head b", 5).map(Math.abs)];
// Nine conditions whose pairs are spread over the whole stream, so that every cut goes through some of them.
const distances = Array.from({ length: SAMPLES }, (_, index): ConditionDistances => {
  return { condition: (index * 5) % 9, distances: normals(`distance ${index}`, 1 + (index % 3)).map(Math.abs) };
});
const byCondition = Array.from({ length: 9 }, (_, condition) =>
  distances.flatMap((each) => (each.condition === condition ? Array.from(each.distances) : [])),
);
const agreement = partitionAgreement(classes, clusters);
const modes = labels("modes", 9);
const reference = Float64Array.from({ length: 10 }, (_, mode) => 1 + mode);

const modesOf = countModes(modes, 10, reference, { base: 10 });

interface Case {
  readonly name: string;
  readonly create: () => MergeableMetric<unknown, unknown>;
  /** Samples [from, to) of the whole. */
  readonly part: (from: number, to: number) => unknown;
  readonly expected: readonly (readonly [metric: string, value: number])[];
}

/** Hides the types of samples and states, which the cases do not share. */
const caseOf = <Samples, State>(
  name: string,
  create: () => MergeableMetric<Samples, State>,
  part: (from: number, to: number) => Samples,
  expected: Case["expected"],
): Case => ({ name, create: create as unknown as Case["create"], part, expected });

const slices =
  <Item>(items: readonly Item[]) =>
  (from: number, to: number) =>
    items.slice(from, to);

const cases: readonly Case[] = [
  ...(["disc", "box"] as const).map((rule) => {
    const whole = mixtureCoverage(rowsOf(points, 2), means, 0.5, { rule });
    return caseOf(
      `mixture coverage, ${rule}`,
      () => createMixtureCoverage({ means, standardDeviation: 0.5 }, provenance, { rule }),
      (from, to) => rowsOf(points.slice(2 * from, 2 * to), 2),
      [
        ["modes", whole.modes],
        [`high-quality-share-${rule}`, whole.highQualityShare],
        ["reverse-kl", whole.reverseKl],
      ],
    );
  }),
  caseOf(
    "mode counts",
    () => createModeCounts(10, provenance, { reference, base: 10 }),
    (from, to) => modes.slice(from, to),
    [
      ["modes", modesOf.modes],
      ["reverse-kl", modesOf.reverseKl],
    ],
  ),
  caseOf(
    "agreement of partitions",
    () => createPartitionAgreement(provenance),
    (from, to) => ({ classes: classes.slice(from, to), clusters: clusters.slice(from, to) }),
    [
      ["nmi", agreement.nmi],
      ["purity", agreement.purity],
      ["inverse-purity", agreement.inversePurity],
      ["ari", agreement.ari],
      ["hungarian-accuracy", agreement.hungarianAccuracy],
    ],
  ),
  caseOf("pairwise diversity", () => createPairwiseDiversity(provenance), slices(distances), [
    ["pairwise-distance", pairwiseDiversity(byCondition).value],
  ]),
  caseOf("perceptual distance", () => createPerceptualDistance(provenance, heads), slices(activations), [
    [
      "perceptual-distance",
      meanOfPairs(activations.map(({ first, second }) => perceptualDistance(first, second, heads))).value,
    ],
  ]),
  ...(["psnr", "ssim"] as const).map((metric) => {
    const measure = metric === "psnr" ? peakSignalToNoiseRatio : structuralSimilarity;
    const { value } = meanOfPairs(pictures.map((pair) => measure(pair, { range: 2 })));
    return caseOf(metric, () => createImageSimilarity(metric, provenance, { range: 2 }), slices(pictures), [
      [metric, value],
    ]);
  }),
  caseOf(
    "bins",
    () => createBinMetrics(bins, provenance),
    (from, to) => rowsOf(wide.slice(4 * from, 4 * to), 4),
    [
      ["ndb", compareBins(bins.counts, countInBins(bins, rowsOf(wide, 4))).ndb],
      ["ndb-share", compareBins(bins.counts, countInBins(bins, rowsOf(wide, 4))).ndb / 5],
      ["jsd", compareBins(bins.counts, countInBins(bins, rowsOf(wide, 4))).jsd],
    ],
  ),
  caseOf(
    "segmentation scores",
    () => createSegmentationScores(7, provenance, { absentClasses: "drop" }),
    (from, to) => ({ truth: classes.slice(from, to), predicted: clusters.slice(from, to) }),
    Object.entries(segmentationScores(confusionMatrix(classes, clusters, 7), "drop")).map(([score, value]) => {
      return [
        { pixelAccuracy: "pixel-accuracy", classAccuracy: "class-accuracy" }[score] ?? "mean-iou",
        value,
      ] as const;
    }),
  ),
];

const CUTS = [0, 1, 18, 19, 44, SAMPLES];
const pieces = CUTS.slice(1).map((to, index) => [CUTS[index]!, to] as const);
const valuesOf = (metric: MergeableMetric<unknown, unknown>) =>
  metric.compute().map(({ metric: name, value }) => [name, value]);

describe.each(cases)("streamed $name", ({ create, part, expected }) => {
  const streamed = (metric = create()) => {
    for (const [from, to] of pieces) metric.update(part(from, to));
    return metric;
  };

  test("in uneven pieces has the bits of the function of everything, and keeps its provenance", () => {
    const metric = streamed();
    expect(valuesOf(metric)).toEqual(expected);
    expect(metric.compute()[0]).toMatchObject(provenance);
  });
  test("forgets at reset", () => {
    const metric = create();
    metric.update(part(3, 40));
    metric.reset();
    expect(valuesOf(streamed(metric))).toEqual(expected);
  });
  test("merges workers' states, in order, to the bits of one pass", () => {
    const workers = pieces.map(([from, to]) => {
      const worker = create();
      worker.update(part(from, to));
      return worker;
    });
    const merged = create();
    for (const worker of workers) merged.merge(structuredClone(worker.state()));
    expect(merged.compute()).toEqual(streamed().compute());
    expect(workers[0]!.compute()[0]!.count).toBeLessThan(merged.compute()[0]!.count);
  });
  test("gives a state that later samples do not change", () => {
    const metric = create();
    metric.update(part(0, 20));
    const early = metric.state();
    metric.update(part(20, SAMPLES));
    const other = create();
    other.merge(early);
    other.update(part(20, SAMPLES));
    expect(other.compute()).toEqual(metric.compute());
  });
  test("refuses to compute from nothing", () => {
    const metric = create();
    expect(() => metric.compute()).toThrow(/expected at least one batch, got none; call update before compute/);
    metric.merge(create().state());
    expect(() => metric.compute()).toThrow(/expected at least one batch/);
  });
});

describe("what results say beside the value", () => {
  test("counts, references, spread and sizes", () => {
    const similarity = createImageSimilarity("ssim", provenance, { range: 2 });
    similarity.update(pictures);
    const { standardDeviation } = meanOfPairs(pictures.map((pair) => structuralSimilarity(pair, { range: 2 })));
    expect(similarity.compute()).toEqual([
      expect.objectContaining({
        count: 60,
        referenceCount: 60,
        details: { range: 2, standardDeviation },
        warnings: [],
      }),
    ]);
    const partition = createPartitionAgreement(provenance);
    partition.update({ classes, clusters });
    const { geometricNmi } = agreement;
    expect(partition.compute()[0]).toMatchObject({ count: 60, details: { classes: 5, clusters: 7, geometricNmi } });
    const diversity = createPairwiseDiversity(provenance);
    diversity.update(distances);
    const { pairCount } = pairwiseDiversity(byCondition);
    expect(diversity.compute()[0]).toMatchObject({ count: pairCount, details: { conditions: 9 } });
  });
  test("an equal pair makes the mean PSNR infinite, with a warning and without a spread", () => {
    const metric = createImageSimilarity("psnr", provenance, { range: 2 });
    metric.update([pictures[0]!, { ...pictures[1]!, second: pictures[1]!.first }]);
    expect(metric.compute()[0]).toMatchObject({
      value: Number.POSITIVE_INFINITY,
      details: { range: 2 },
      warnings: ["1 of 2 pairs are equal: infinite mean"],
    });
  });
  test("MS-SSIM by its own name", () => {
    const size = { height: 176, width: 176, channels: 1 };
    const first = normals("large", 176 * 176);
    const pair = { first, second: first.map((value, at) => value + 0.1 * Math.sin(at)), ...size };
    const metric = createImageSimilarity("ms-ssim", provenance, { range: 2 });
    metric.update([pair]);
    const value = multiScaleStructuralSimilarity(pair, { range: 2 });
    expect(metric.compute()[0]).toMatchObject({ metric: "ms-ssim", value });
  });
});

test("a table grows with its labels, in either direction, and loses no row", () => {
  const metric = createPartitionAgreement(provenance);
  metric.update({ classes: [0, 3], clusters: [0, 1] });
  metric.update({ classes: [1], clusters: [5] });
  metric.update({ classes: [0], clusters: [2] });
  const table = metric.state();
  expect([table.classCount, table.clusterCount]).toEqual([4, 6]);
  const cells = [...table.counts.entries()].filter(([, count]) => count > 0);
  expect(cells).toEqual([
    [0, 1],
    [2, 1],
    [6 + 5, 1],
    [3 * 6 + 1, 1],
  ]);
});
