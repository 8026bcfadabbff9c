import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InterruptedError, UsageError } from "@divgen/experiment";
import { afterAll, describe, expect, test } from "vitest";
import { describeError, exitCodeOf } from "../exit-code.ts";
import { createReproduceCommand, experiments, partCommands, runParts } from "./reproduce.ts";

const silent = { watched: false, result: () => {}, note: () => {}, status: () => {} };
const run = (...words: string[]) =>
  createReproduceCommand(silent)
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .parseAsync(words, { from: "user" });

test("an unknown experiment and unknown settings are refused with what there is", async () => {
  await expect(run("self-conditioned-3d")).rejects.toThrow(UsageError);
  await expect(run("self-conditioned-3d")).rejects.toThrow("expected one of self-conditioned-2d");
  await expect(run("self-conditioned-2d", "--settings", "long")).rejects.toThrow("short, repository, paper");
});

test("what the app refuses is refused with its exit code's meaning, before any run begins", async () => {
  const folder = mkdtempSync(join(tmpdir(), "divgen-reproduce-"));
  try {
    await expect(run("self-conditioned-2d", "--methods", "dcgan", "--output", folder)).rejects.toThrow(
      /grid ended with exit code 2/,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 30_000);

const commandsOf = (flags: object) =>
  partCommands(experiments["self-conditioned-2d"]!, "short", "out", { seeds: "3", settings: "short", ...flags });

test("without methods all of the paper's table is trained, and its sweep on the grid alone", () => {
  const table = "gan,pacgan2,pacgan3,pacgan4,mgan,random-labels,self-conditioned,online";
  const argsOf = (part: string) => [
    ...["--compare", "--preset", `short-${part}`, "--run", join("out", part), "--seeds", "3", "--methods", table],
  ];
  expect(commandsOf({})).toEqual([
    { part: "grid", args: [...argsOf("grid"), "--clusters", "10,20,30,50,100"] },
    { part: "ring", args: argsOf("ring") },
  ]);
  expect(commandsOf({ clusters: "none" }).map(({ args }) => args)).toEqual([argsOf("grid"), argsOf("ring")]);
  expect(commandsOf({ clusters: "7" })[1]!.args.slice(-2)).toEqual(["--clusters", "7"]);
});

test("methods of one's own bring no sweep, and what trains nothing is passed on", () => {
  const [grid] = commandsOf({ methods: "gan", jobs: "2", engine: "wasm", dryRun: true, reportOnly: true });
  expect(grid!.args.slice(5)).toEqual([
    ...["--seeds", "3", "--methods", "gan", "--jobs", "2", "--engine", "wasm", "--dry-run", "--report-only"],
  ]);
});

describe("parts of an experiment", () => {
  const folder = mkdtempSync(join(tmpdir(), "divgen-reproduce-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  // In place of an app: leaves a file and ends as it is told.
  const main = join(folder, "app.mjs");
  writeFileSync(
    main,
    'import { writeFileSync } from "node:fs"; writeFileSync(process.argv[2], ""); process.exit(+process.argv[3]);',
  );
  const runWith = (...exitCodes: number[]) => {
    const files = exitCodes.map((_, index) => join(folder, `${exitCodes.join("-")}-${index}`));
    const parts = exitCodes.map((code, index) => ({ part: `part${index}`, args: [files[index]!, String(code)] }));
    const error = runParts(main, parts, silent).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return error.then((reason) => ({ error: reason, ran: files.filter((file) => existsSync(file)).length }));
  };

  test.each([
    [[4, 0], 4],
    [[3, 3], 3],
    [[3, 4], 1],
  ])("that end with %j are all run, and then the command ends with %i", async (codes, exitCode) => {
    const { error, ran } = await runWith(...codes);
    expect([ran, exitCodeOf(error)]).toEqual([2, exitCode]);
    expect(describeError(error)).toMatch(
      new RegExp(`^divgen: reproduce: part0 ended with exit code ${codes[0]}[^\n]*$`),
    );
  });

  test.each([
    [2, UsageError],
    [130, InterruptedError],
  ])("after one that ends with %i there is no other", async (code, kind) => {
    const { error, ran } = await runWith(code, 0);
    expect([ran, exitCodeOf(error)]).toEqual([1, code]);
    expect(error).toBeInstanceOf(kind);
  });

  test("that all succeed end well", async () => {
    expect(await runWith(0, 0)).toEqual({ error: undefined, ran: 2 });
  });
});
