import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readNpy, writeNpz } from "@divgen/weight-files";
import { describe, expect, it } from "vitest";
import { ownFolder, put, putArray } from "../../test/folders.ts";
import { runDivgen } from "../../test/run-divgen.ts";
import type { Evaluation } from "./evaluation-document.ts";

const golden = fileURLToPath(new URL("../golden/", import.meta.url));
const expected = JSON.parse(readFileSync(join(golden, "evaluate.json"), "utf8"));
const generated = join(golden, "generated.npy");
const reference = join(golden, "reference.npy");

async function evaluate(...words: string[]): Promise<Evaluation> {
  const run = await runDivgen("evaluate", ...words, "--json");
  expect(run.error).toBe("");
  expect(run.results).toHaveLength(1);
  return JSON.parse(run.results[0]!);
}

const numberOf = ({ results }: Evaluation, name: string): number =>
  results.find(({ metric }) => metric === name)!.value;

describe("divgen evaluate on features", () => {
  const folder = ownFolder();

  it("gives the numbers of the reference implementations", async () => {
    const evaluation = await evaluate("--generated", generated, "--reference", reference);
    expect(evaluation.results.map(({ metric }) => metric)).toEqual([
      ...["frechet-distance", "kernel-distance", "precision", "recall", "density", "coverage"],
      ...["vendi-score", "ndb", "jsd"],
    ]);
    for (const name of ["frechet-distance", "kernel-distance", "precision", "recall", "density", "coverage"]) {
      const value: number = expected.values[name];
      expect(Math.abs(numberOf(evaluation, name) - value), name).toBeLessThan(1e-9 * Math.max(1, Math.abs(value)));
    }
    expect(numberOf(evaluation, "vendi-score")).toBeCloseTo(expected.values["vendi-score"], 10);
    const precision = evaluation.results.find(({ metric }) => metric === "precision")!;
    expect(precision).toMatchObject({
      ...{ count: 60, referenceCount: 70, details: { neighbours: 5 }, protocol: "custom", seed: 0 },
      ...{ extractor: "features", weightHash: "none", resizeRule: "none", higherIsBetter: true, warnings: [] },
    });
  });

  it("takes the options of the metrics", async () => {
    const words = ["--generated", generated, "--metrics", "vendi-score,inception-score", "--vendi-order", "2"];
    const evaluation = await evaluate(...words, "--splits", "1");
    expect(numberOf(evaluation, "vendi-score")).toBeCloseTo(expected.values["vendi-score-2"], 10);
    expect(numberOf(evaluation, "inception-score")).toBeCloseTo(expected.values["inception-score"], 10);
    expect(evaluation.reference).toBeUndefined();
  });

  it("prints different bins with the number of all", async () => {
    const words = ["--generated", generated, "--reference", reference, "--metrics", "ndb", "--bins", "6"];
    const { results } = await runDivgen("evaluate", ...words);
    expect(results[0]).toMatch(/^NDB \(features\) +\d of 6 bins \(lower is better\)$/m);
  });

  it("prints the numbers also where they cannot be saved", async () => {
    const blocked = join(put(join(folder.path, "file"), "x"), "inside");
    for (const flag of ["--output", "--report"]) {
      const words = ["--generated", generated, "--metrics", "vendi-score", flag, blocked];
      const { exitCode, results, error } = await runDivgen("evaluate", ...words);
      expect([exitCode, results.length, error]).toEqual([3, 1, expect.stringMatching(/cannot make the folder/)]);
      expect(results[0]).toMatch(/Vendi score/);
    }
  });

  it("estimates the mean distance of pairs", async () => {
    const words = ["--generated", generated, "--metrics", "pairwise-distance", "--pairs", "40000"];
    const { results } = await evaluate(...words);
    // Standard error of the mean of 40,000 draws; distances spread by about 2.
    expect(Math.abs(results[0]!.value - expected.values["mean-distance-of-all-pairs"])).toBeLessThan(0.05);
    expect(results[0]!.details).toMatchObject({ distance: "euclidean", pairs: 40000, groups: 1 });
  });

  it("finds the bins that differ", async () => {
    const places = [
      "--generated",
      join(golden, "places-generated.npy"),
      "--reference",
      join(golden, "places-reference.npy"),
    ];
    const evaluation = await evaluate(...places, "--metrics", "ndb", "ndb-share", "jsd", "--bins", "4");
    expect(numberOf(evaluation, "ndb")).toBe(expected.places.ndb);
    expect(numberOf(evaluation, "ndb-share")).toBe(expected.places.ndb / 4);
    expect(numberOf(evaluation, "jsd")).toBeCloseTo(expected.places.jsd, 12);
  });

  it("reads statistics that pytorch-fid saved", async () => {
    const statistics = join(golden, "pytorch-fid-statistics.npz");
    const evaluation = await evaluate(
      "--generated",
      generated,
      "--reference",
      statistics,
      "--metrics",
      "frechet-distance",
    );
    expect(numberOf(evaluation, "frechet-distance")).toBeCloseTo(expected.values["frechet-distance"], 9);
    expect(evaluation.reference).toMatchObject({ kind: "statistics", count: null });
    expect(evaluation.results[0]!.referenceCount).toBeUndefined();
  });

  it("warns of covariances without full rank and of equal samples", async () => {
    const few = putArray(
      join(folder.path, "few.npy"),
      [3, 4],
      Float64Array.from({ length: 12 }, (_, i) => Math.sin(i)),
    );
    const { results } = await evaluate("--generated", few, "--reference", few, "--metrics", "frechet-distance");
    expect(results[0]!.value).toBeCloseTo(0, 12);
    expect(results[0]!.warnings.join("\n")).toMatch(/generated: 3 samples give a covariance of rank at most 2/);
    expect(results[0]!.warnings.join("\n")).toMatch(/same contents/);
    const text = (await runDivgen("evaluate", "--generated", few, "--reference", few, "--metrics", "frechet-distance"))
      .results[0]!;
    expect(text).toMatch(/Frechet distance \(features\) +\S+ \(lower is better\)/);
    expect(text).toMatch(/warning: .*rank at most 2/);
  });

  it("refuses features of unlike origin", async () => {
    const features = { shape: [4, 2], values: Float64Array.from({ length: 8 }, (_, i) => Math.cos(i)) };
    const paths = ["a", "b"].map((extractor) => {
      const origin = new TextEncoder().encode(JSON.stringify({ extractor, weightHash: "none", resizeRule: "none" }));
      const divgen = { shape: [origin.length], values: new Uint8Array(origin) };
      return put(
        join(folder.path, `${extractor}.npz`),
        writeNpz(
          new Map<string, typeof features | typeof divgen>([
            ["features", features],
            ["divgen", divgen],
          ]),
        ),
      );
    });
    const run = await runDivgen("evaluate", "--generated", paths[0]!, "--reference", paths[1]!);
    expect([run.exitCode, run.error]).toEqual([3, expect.stringMatching(/unlike origin.*extractor: a and b/)]);
  });

  it("keeps the golden files readable", () => {
    expect(readNpy(readFileSync(generated))).toMatchObject({ dtype: "F32", shape: [60, 6] });
  });

  describe("refuses", () => {
    const finite = Float64Array.from({ length: 12 }, (_, index) => Math.sin(index));
    const at = (name: string): string => join(folder.path, name);

    it.each([
      ["a missing path", 3, () => at("nowhere"), /nowhere: expected a folder or a file, but there is none/],
      ["another file", 3, () => put(at("a.txt"), "x"), /a\.txt: expected a folder of images, or a file named/],
      ["a damaged array", 3, () => put(at("a.npy"), "x"), /a\.npy: npy: the file does not begin like one of numpy/],
      [
        "features that are NaN",
        3,
        () => putArray(at("n.npy"), [4, 3], finite.with(5, Number.NaN)),
        /n\.npy: expected finite features, got NaN in row 1, column 2/,
      ],
      [
        "infinite features",
        3,
        () => putArray(at("n.npy"), [4, 3], finite.with(11, Number.POSITIVE_INFINITY)),
        /got Infinity in row 3, column 2/,
      ],
      [
        "one sample",
        3,
        () => putArray(at("one.npy"), [1, 6], finite.slice(0, 6)),
        /one\.npy: expected at least 2 samples, got 1/,
      ],
      [
        "no sample",
        3,
        () => putArray(at("none.npy"), [0, 6], new Float64Array()),
        /none\.npy: expected feature vectors, got an array of shape \[0, 6\]/,
      ],
      [
        "another width",
        3,
        () => putArray(at("wide.npy"), [6, 2], finite),
        /features of one width, got 2 for generated and 6 .*one extractor/,
      ],
      [
        "integers",
        3,
        () => putArray(at("i.npy"), [6, 2], new Int32Array(12)),
        /i\.npy: expected uint8 images .* got I32 \[6, 2\]/,
      ],
      [
        "too few for k",
        3,
        () => putArray(at("few.npy"), [2, 6], finite),
        /5 neighbours need at least 6 samples on each side, got 2/,
      ],
      [
        "statistics for precision",
        3,
        () => join(golden, "pytorch-fid-statistics.npz"),
        /precision needs features, got saved statistics/,
      ],
    ] as const)("%s", async (_, exitCode, make, message) => {
      const run = await runDivgen(
        "evaluate",
        "--generated",
        make(),
        "--reference",
        reference,
        "--metrics",
        "precision",
      );
      expect(run.error).toMatch(message);
      expect(run.exitCode).toBe(exitCode);
      expect(run.results).toEqual([]);
    });

    it.each([
      [["--metrics", "frechet-distanse"], /no metric "frechet-distanse". Did you mean frechet-distance/],
      [["--metrics", "FID"], /no metric "FID". Here it is frechet-distance \(titled FID with/],
      [["--metrics", "beauty"], /no metric "beauty". All: frechet-distance/],
      [["--extractor", "pixels"], /--extractor: pixels describes images, and .* holds features already; leave it out/],
      [["--metrics", "purity"], /purity needs more than two sets of samples/],
      [["--neighbours", "0"], /--neighbours: expected an integer >= 1, got "0"/],
      [["--vendi-order", "-1"], /--vendi-order: expected a number > 0 or inf, got "-1"/],
      [["--protocol", "msgan-map"], /Did you mean msgan-maps/],
      [["--protocol", "msgan-maps", "--bins", "20"], /--bins: protocol msgan-maps has 50, got 20/],
      [["--protocol", "msgan-maps", "--metrics", "precision"], /msgan-maps says nothing about precision/],
      [["--distance", "lpips"], /--distance: expected one of euclidean/],
    ])("%j", async (words, message) => {
      const run = await runDivgen("evaluate", "--generated", generated, "--reference", reference, ...words);
      expect(run.error).toMatch(message);
      expect(run.exitCode).toBe(2);
    });

    it("more bins than reference samples", async () => {
      const words = ["--generated", generated, "--reference", reference, "--metrics", "ndb", "--bins", "71"];
      const run = await runDivgen("evaluate", ...words);
      expect([run.exitCode, run.error]).toEqual([
        3,
        "divgen: ndb: 71 bins need at least as many reference samples, got 70; give more, or lower --bins",
      ]);
    });

    it("a number of samples that the protocol does not have", async () => {
      const words = ["--protocol", "msgan-maps", "--metrics", "frechet-distance"];
      const run = await runDivgen("evaluate", "--generated", generated, "--reference", reference, ...words);
      expect([run.exitCode, run.error]).toEqual([3, expect.stringMatching(/expected 5000 generated samples, got 60/)]);
    });

    it("metrics that need a reference without one, and no samples at all", async () => {
      const run = await runDivgen("evaluate", "--generated", generated, "--metrics", "ndb");
      expect([run.exitCode, run.error]).toEqual([
        2,
        expect.stringMatching(/ndb: name the real samples by --reference/),
      ]);
      expect((await runDivgen("evaluate")).exitCode).toBe(2);
    });

    it.each([
      [
        ["GENERATED", "REFERENCE"],
        /got "REFERENCE".*take one folder or file each.*: --generated GENERATED --reference REF/,
      ],
      [
        ["a/1.png", "a/2.png", "a/3.png"],
        /got 2 more, the first being "a\/2\.png".* For many images name their folder/,
      ],
      [["GENERATED", "MORE", "--reference", "REFERENCE"], /got "MORE".* name their folder/],
    ])("paths behind no option: %j", async (words, message) => {
      const run = await runDivgen("evaluate", "--generated", ...words);
      expect(run.error).toMatch(message);
      expect([run.exitCode, run.results]).toEqual([2, []]);
    });
  });
});
