import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { normalFloat64, randomKey } from "@divgen/random";
import { readNpz, writeNpz } from "@divgen/weight-files";
import { describe, expect, it } from "vitest";
import { ownFolder, put, putArray, putImages } from "../../test/folders.ts";
import { runDivgen } from "../../test/run-divgen.ts";

const golden = fileURLToPath(new URL("../golden/", import.meta.url));
const expected = JSON.parse(readFileSync(join(golden, "evaluate.json"), "utf8"));

describe("divgen statistics", () => {
  const folder = ownFolder();
  const at = (name: string): string => join(folder.path, name);
  const statistics = async (...words: string[]): Promise<readonly string[]> => {
    const run = await runDivgen("statistics", ...words);
    expect(run.error).toBe("");
    return run.results;
  };
  const arraysOf = (path: string) => readNpz(readFileSync(path));

  it("makes numpy's mean and covariance", async () => {
    await statistics("make", join(golden, "reference.npy"), "--output", at("made.npz"));
    const arrays = arraysOf(at("made.npz"));
    expect([...arrays.keys()].sort()).toEqual(["mu", "n", "sigma"]);
    const close = (name: string, values: readonly number[]): void => {
      const made = arrays.get(name)!.values as Float64Array;
      values.forEach((value, index) => {
        expect(made[index]).toBeCloseTo(value, 13);
      });
    };
    close("mu", expected.mu);
    close("sigma", expected.sigma);
    expect(arrays.get("n")!.values[0]).toBe(70);
    const run = await runDivgen(
      "evaluate",
      "--generated",
      join(golden, "generated.npy"),
      "--reference",
      at("made.npz"),
      "--json",
    );
    const { results } = JSON.parse(run.results[0]!);
    expect(results[0].value).toBeCloseTo(expected.values["frechet-distance"], 9);
    expect(results[0].referenceCount).toBe(70);
  });

  it("says which extractor they come from, and evaluate refuses another", async () => {
    const images = await putImages(at("images"), "images", 4, 6);
    const make = ["make", images, "--output", at("images.npz"), "--extractor", "pixels-4", "--engine", "cpu"];
    expect(await statistics(...make)).toEqual([`${at("images.npz")}: 4 samples, 48 features`]);
    const inspected = await statistics("inspect", at("images.npz"));
    expect(inspected.join("\n")).toMatch(/from {8}pixels-4, layer pixels, resize bilinear-4/);
    expect(inspected.join("\n")).toMatch(/rank at most 3\nwarning: 4 samples of 48 features/);
    const evaluate = ["evaluate", "--generated", images, "--reference", at("images.npz"), "--engine", "cpu"];
    const run = await runDivgen(...evaluate, "--extractor", "pixels");
    expect([run.exitCode, run.error]).toEqual([3, expect.stringMatching(/extractor: pixels and pixels-4/)]);
    const equal = await runDivgen(...evaluate, "--extractor", "pixels-4", "--metrics", "frechet-distance", "--json");
    expect(JSON.parse(equal.results[0]!).results[0].value).toBeCloseTo(0, 5);
  });

  it("merges shards, in any order, to the bits of one pass", async () => {
    const features = putArray(at("f.npy"), [1500, 3], Float64Array.from(normalFloat64(randomKey(5), 4500)));
    await statistics("make", features, "--output", at("whole.npz"));
    const shards = await Promise.all(
      [1, 2, 3, 4].map(async (index) => {
        await statistics("make", features, "--output", at(`${index}.npz`), "--shard", `${index}/4`);
        return at(`${index}.npz`);
      }),
    );
    expect(await statistics("merge", ...shards.reverse(), "--output", at("merged.npz"))).toEqual([
      `${at("merged.npz")}: 1500 samples, 3 features, the bits of one pass`,
    ]);
    const [whole, merged] = [arraysOf(at("whole.npz")), arraysOf(at("merged.npz"))];
    for (const name of ["mu", "sigma", "n"]) expect(merged.get(name)!.values).toEqual(whole.get(name)!.values);
    const gap = await runDivgen("statistics", "merge", at("1.npz"), at("3.npz"), "--output", at("gap.npz"));
    expect([gap.exitCode, gap.error]).toEqual([
      3,
      expect.stringMatching(
        /3\.npz: begins at row 750, but the shards before it end at row 375. Add the shard of rows 375 to 750/,
      ),
    ]);
    expect((await statistics("inspect", at("2.npz"))).join("\n")).toMatch(
      /shard {7}rows 375 to 750 of a set of 1500, [0-9a-f]{12}/,
    );
    // Nothing tells the file from the one of a single pass.
    expect(readFileSync(at("merged.npz"))).toEqual(readFileSync(at("whole.npz")));
  });

  it("says which shards are missing, given twice or of another set", async () => {
    const features = putArray(at("f.npy"), [90, 3], Float64Array.from(normalFloat64(randomKey(5), 270)));
    const other = putArray(at("o.npy"), [90, 3], Float64Array.from(normalFloat64(randomKey(6), 270)));
    for (const index of [1, 2, 3]) {
      await statistics("make", features, "--output", at(`${index}.npz`), "--shard", `${index}/3`);
    }
    // As large as the first one, and divided alike.
    await statistics("make", other, "--output", at("other.npz"), "--shard", "2/3");
    const merge = (...names: string[]) =>
      runDivgen("statistics", "merge", ...names.map((name) => at(`${name}.npz`)), "--output", at("merged.npz"));
    expect((await merge("2", "3")).error).toMatch(/2\.npz: begins at row 30, but the shards before it end at row 0/);
    expect((await merge("1", "2", "2")).error).toMatch(/2\.npz: begins at row 30, which .*2\.npz has already/);
    const mixed = await merge("1", "other", "3");
    expect([mixed.exitCode, mixed.error]).toEqual([
      3,
      expect.stringMatching(
        /expected shards of one set, got ones of [0-9a-f]{12} \(90 samples\) and [0-9a-f]{12} \(90/,
      ),
    ]);
    const nameless = arraysOf(at("2.npz"));
    nameless.delete("shard_set");
    put(at("nameless.npz"), writeNpz(nameless));
    const without = await merge("1", "nameless", "3");
    expect([without.exitCode, without.error]).toEqual([3, expect.stringMatching(/says which set it is of.*again/)]);
    const early = await merge("1", "2");
    expect([early.exitCode, early.notes.join(" ")]).toEqual([
      0,
      expect.stringMatching(/of 90 samples: merge the shards of rows 60 to 90 too/),
    ]);
    await statistics("merge", at("merged.npz"), at("3.npz"), "--output", at("all.npz"));
    await statistics("make", features, "--output", at("whole.npz"));
    expect(readFileSync(at("all.npz"))).toEqual(readFileSync(at("whole.npz")));
  });

  it("merges images' shards to the statistics of all", async () => {
    const images = await putImages(at("images"), "images", 7, 4);
    const make = ["make", images, "--extractor", "pixels", "--engine", "cpu", "--output"];
    await statistics(...make, at("whole.npz"));
    await statistics(...make, at("1.npz"), "--shard", "1/2");
    await statistics(...make, at("2.npz"), "--shard", "2/2");
    const setOf = (name: string) => arraysOf(at(name)).get("shard_set")!.values;
    expect(setOf("1.npz")).toEqual(setOf("2.npz"));
    await statistics("merge", at("1.npz"), at("2.npz"), "--output", at("merged.npz"));
    expect(arraysOf(at("merged.npz")).get("sigma")!.values).toEqual(arraysOf(at("whole.npz")).get("sigma")!.values);
  });

  it("merges whole sets to rounding", async () => {
    const values = Float64Array.from(normalFloat64(randomKey(6), 90));
    const paths = [values.slice(0, 30), values.slice(30)].map((part, index) =>
      putArray(at(`${index}.npy`), [part.length / 3, 3], part),
    );
    for (const path of paths) await statistics("make", path, "--output", path.replace(".npy", ".npz"));
    await statistics("make", putArray(at("all.npy"), [30, 3], values), "--output", at("all.npz"));
    const [result] = await statistics("merge", at("0.npz"), at("1.npz"), "--output", at("merged.npz"), "--json");
    expect(JSON.parse(result!)).toMatchObject({ count: 30, features: 3, isExact: false });
    for (const name of ["mu", "sigma"]) {
      const merged = arraysOf(at("merged.npz")).get(name)!.values as Float64Array;
      const all = arraysOf(at("all.npz")).get(name)!.values as Float64Array;
      merged.forEach((value, index) => {
        expect(value).toBeCloseTo(all[index]!, 13);
      });
    }
  });

  it.each([
    [["inspect", "NOWHERE.npz"], 3, /NOWHERE\.npz: cannot be read: there is no such file/],
    [["inspect", "FEATURES.npy"], 3, /expected saved statistics \(mu, sigma\), got features/],
    [["merge", "GOLDEN.npz", "GOLDEN.npz", "--output", "x.npz"], 3, /expected n, the number of samples/],
    [["make", "FEATURES.npy", "--output", "x.npz", "--shard", "3/2"], 2, /--shard: expected INDEX\/COUNT/],
    [
      ["make", "FEATURES.npy", "--output", "x.npz", "--shard", "1/60"],
      3,
      /expected at least 2 samples for a covariance, got 1/,
    ],
    [["make", "GOLDEN.npz", "--output", "x.npz"], 3, /expected images or features, got saved statistics/],
    [["make", "FEATURES.npy"], 2, /./],
    [["inspect", "ODD.npz"], 3, /ODD\.npz: sigma: expected shape \[2, 2\], got \[2, 3\]/],
    [["inspect", "NAN.npz"], 3, /NAN\.npz: expected finite statistics, got NaN/],
  ] as const)("refuses %j", async (words, exitCode, message) => {
    const array = (shape: number[], values: number[]) => ({ shape, values: Float64Array.from(values) });
    put(
      at("ODD.npz"),
      writeNpz(
        new Map([
          ["mu", array([2], [0, 0])],
          ["sigma", array([2, 3], [0, 0, 0, 0, 0, 0])],
        ]),
      ),
    );
    put(
      at("NAN.npz"),
      writeNpz(
        new Map([
          ["mu", array([1], [Number.NaN])],
          ["sigma", array([1, 1], [1])],
        ]),
      ),
    );
    const resolved = words.map((word) => {
      if (word === "FEATURES.npy") return join(golden, "generated.npy");
      if (word === "GOLDEN.npz") return join(golden, "pytorch-fid-statistics.npz");
      return word.includes(".np") ? at(word) : word;
    });
    const run = await runDivgen("statistics", ...resolved);
    expect(run.error).toMatch(message);
    expect(run.exitCode).toBe(exitCode);
  });
});
