import { readFileSync } from "node:fs";
import { join } from "node:path";
import { normalFloat64, randomKey } from "@divgen/random";
import { beforeEach, describe, expect, it } from "vitest";
import { ownFolder, put, putArray } from "../../test/folders.ts";
import { runDivgen } from "../../test/run-divgen.ts";

describe("divgen compare", () => {
  const folder = ownFolder();
  const at = (name: string): string => join(folder.path, name);
  const putFeatures = (name: string, seed: number, rows: number): string =>
    putArray(at(`${name}.npy`), [rows, 2], Float64Array.from(normalFloat64(randomKey(seed), rows * 2)));
  const evaluate = async (name: string, ...words: string[]): Promise<string> => {
    const words1 = ["--generated", at(`${name}.npy`), "--reference", at("real.npy"), "--output", at(`${name}.json`)];
    const run = await runDivgen("evaluate", ...words1, ...words);
    expect(run.error).toBe("");
    return at(`${name}.json`);
  };

  beforeEach(() => {
    putFeatures("real", 1, 30);
    putFeatures("first", 2, 30);
    putFeatures("second", 3, 30);
    putFeatures("fewer", 4, 20);
  });

  it("marks the better values and keeps the warnings", async () => {
    const files = [await evaluate("first"), await evaluate("second")];
    const run = await runDivgen("compare", `one=${files[0]}`, `two=${files[1]}`, "--report", at("report"));
    expect(run.error).toBe("");
    const [caption, features, header, , one, two, ...notes] = run.results[0]!.split("\n");
    expect(caption).toMatch(/^2 sets of samples against .*real\.npy, protocol custom$/);
    expect(features).toBe("features: features");
    expect(header).toMatch(/Frechet distance ↓ .*recall ↑/);
    expect(one).toMatch(/^one /);
    expect(two).toMatch(/^two /);
    expect(`${one}${two}`.match(/\*/g)!.length).toBeGreaterThanOrEqual(5);
    expect(notes.join("\n")).toMatch(/fewer samples than a subset of 1000/);
    expect(readFileSync(join(at("report"), "report.html"), "utf8")).toMatch(/Where the numbers come from/);
    const json = JSON.parse((await runDivgen("compare", ...files, "--json")).results[0]!);
    expect(json.rows.map(({ name }: { name: string }) => name)).toEqual([at("first.npy"), at("second.npy")]);
    const evaluation = JSON.parse(readFileSync(files[0]!, "utf8"));
    expect(json.rows[0].values["frechet-distance"].value).toBe(evaluation.results[0].value);
  });

  it("leaves gaps, and says when the numbers of samples differ", async () => {
    const files = [
      await evaluate("first", "--metrics", "frechet-distance,recall"),
      await evaluate("fewer", "--metrics", "frechet-distance"),
    ];
    const run = await runDivgen("compare", ...files);
    expect(run.results[0]).toMatch(/n\/a/);
    expect(run.results[0]).toMatch(/The number of samples differs \(30, 20\), and moves these: frechet-distance\./);
  });

  const edited = (path: string, edit: (evaluation: { results: Record<string, unknown>[] }) => void): string => {
    const evaluation = JSON.parse(readFileSync(path, "utf8"));
    edit(evaluation);
    return put(path, JSON.stringify(evaluation));
  };

  it.each([
    ["extractor", "inception-v3-fid", /expected one extractor, got features and inception-v3-fid/],
    ["protocol", "msgan-maps", /expected one protocol, got custom and msgan-maps/],
    ["weightHash", "abc", /expected one weightHash/],
    ["resizeRule", "bilinear-56", /expected one resizeRule/],
    ["layer", "head", /expected one layer/],
  ])("refuses another %s", async (field, value, message) => {
    const first = await evaluate("first", "--metrics", "recall");
    const second = edited(await evaluate("second", "--metrics", "recall"), ({ results }) => {
      results[0]![field] = value;
    });
    const run = await runDivgen("compare", first, second);
    expect([run.exitCode, run.error]).toEqual([3, expect.stringMatching(message)]);
    expect(run.error).toMatch(/cannot stand in one column of recall/);
  });

  it("refuses other settings and other reference samples", async () => {
    const first = await evaluate("first", "--metrics", "recall");
    const second = await evaluate("second", "--metrics", "recall", "--neighbours", "3");
    const run = await runDivgen("compare", first, second);
    expect([run.exitCode, run.error]).toEqual([3, expect.stringMatching(/expected equal neighbours, got 5 and 3/)]);
    putFeatures("real", 9, 30);
    const third = await evaluate("second", "--metrics", "recall");
    const other = await runDivgen("compare", first, third);
    expect([other.exitCode, other.error]).toEqual([3, expect.stringMatching(/other reference samples/)]);
  });

  it("refuses other files, rows of one name and a single file", async () => {
    const first = await evaluate("first", "--metrics", "recall");
    const outcome = async (...words: string[]) => {
      const { exitCode, error } = await runDivgen("compare", ...words);
      return [exitCode, error];
    };
    expect(await outcome(first, at("none.json"))).toEqual([3, expect.stringMatching(/there is no such file/)]);
    expect(await outcome(first, put(at("x.json"), "{"))).toEqual([3, expect.stringMatching(/expected JSON/)]);
    const binary = await outcome(first, put(at("x.json"), Uint8Array.of(0x93, 0, 7, 255)));
    expect(binary).toEqual([
      3,
      expect.stringMatching(/got something else. Write it by divgen evaluate --output FILE\.$/),
    ]);
    expect(await outcome(first, put(at("x.json"), "{}"))).toEqual([
      3,
      expect.stringMatching(/format divgen-evaluation/),
    ]);
    expect(await outcome(first)).toEqual([2, expect.stringMatching(/two files or more/)]);
    expect(await outcome(first, first)).toEqual([2, expect.stringMatching(/two rows are called/)]);
  });
});
