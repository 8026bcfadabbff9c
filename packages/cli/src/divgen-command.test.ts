import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CommandOutput } from "./command-output.ts";
import { createDivgenCommand } from "./divgen-command.ts";
import { describeError, exitCodeOf } from "./exit-code.ts";

const folderName = "native-tensorflow-2.21.0-tfjs-node-4.22.0-plan9-mips";

describe("divgen", () => {
  let folder: string;
  let results: string[];
  const before = process.env["DIVGEN_CACHE"];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "divgen-cli-"));
    process.env["DIVGEN_CACHE"] = folder;
    results = [];
  });
  afterEach(() => {
    if (before === undefined) delete process.env["DIVGEN_CACHE"];
    else process.env["DIVGEN_CACHE"] = before;
    rmSync(folder, { recursive: true });
  });

  const run = async (...words: string[]): Promise<string[]> => {
    const output: CommandOutput = {
      watched: false,
      result: (line) => results.push(line),
      note: () => {},
      status: () => {},
    };
    const divgen = createDivgenCommand(output);
    for (const command of [divgen, ...divgen.commands, ...divgen.commands.flatMap(({ commands }) => commands)]) {
      command.configureOutput({ writeErr: () => {}, writeOut: () => {} });
    }
    await divgen.parseAsync(words, { from: "user" });
    return results;
  };
  const exitCode = (...words: string[]): Promise<number> => run(...words).then(() => 0, exitCodeOf);

  const addEngine = (): string => {
    const engine = join(folder, "engines", folderName);
    mkdirSync(engine, { recursive: true });
    writeFileSync(join(engine, "tfjs_binding.node"), "12345");
    const manifest = {
      ...{ format: 1, engine: "native", tensorflow: "2.21.0", tfjsNode: "4.22.0" },
      ...{ platform: "plan9", architecture: "mips", wheel: { file: "x.whl", sha256: "" }, compiler: "cc" },
      files: [{ name: "tfjs_binding.node", bytes: 5, sha256: "" }],
    };
    writeFileSync(join(engine, "engine.json"), JSON.stringify(manifest));
    return engine;
  };

  it("lists no engine, one engine and a broken one", async () => {
    expect((await run("engine", "list"))[0]).toMatch(/^No engine is installed in .*divgen engine install$/);
    const engine = addEngine();
    mkdirSync(join(folder, "engines", "half"));
    results = [];
    await run("engine", "list");
    expect(results).toEqual([
      expect.stringMatching(
        /^native: TensorFlow 2\.21\.0, tfjs-node 4\.22\.0, no OpenBLAS, plan9 mips, 0 MB, .*\n {2}OpenBLAS: the engine is of an earlier version .*; to mend it: divgen engine install$/,
      ),
      `broken: ${join(folder, "engines", "half")} (engine.json is missing); to mend it: divgen engine install`,
    ]);
    results = [];
    const { engines, broken } = JSON.parse((await run("engine", "list", "--json"))[0]!);
    const openBlas = { isUsed: false, version: null, remedy: "divgen engine install" };
    expect(engines[0]).toMatchObject({ folder: engine, tensorflow: "2.21.0", openBlas });
    expect(broken[0].problem).toBe("engine.json is missing");
  });

  it.each([[["native"]], [[folderName]], [["--all"]]])("removes engines: %j", async (words) => {
    const engine = addEngine();
    expect(await run("engine", "remove", ...words)).toEqual([`removed ${engine}`]);
    expect(existsSync(engine)).toBe(false);
  });

  it("ends wrong usage with exit code 2, and help and version with 0", async () => {
    expect(await exitCode("engine", "remove")).toBe(2);
    expect(await exitCode("engine", "remove", "nothing")).toBe(2);
    expect(await exitCode("engine", "remove", "native", "--all")).toBe(2);
    expect(await exitCode("paint")).toBe(2);
    expect(await exitCode("engine", "list", "--colour")).toBe(2);
    expect(await exitCode("doctor", "--seconds", "soon")).toBe(2);
    expect(await exitCode("--help")).toBe(0);
    expect(await exitCode("--version")).toBe(0);
  });

  it("ends bad data with exit code 3", async () => {
    writeFileSync(join(folder, "picture.whl"), "");
    const code = await exitCode("engine", "install", "--from", join(folder, "picture.whl"));
    // Where the native engine cannot be built at all, that is said first.
    expect([3, 1]).toContain(code);
    if (process.platform === "linux" && process.arch === "x64") expect(code).toBe(3);
  });
});

describe("exit codes", () => {
  const named = (name: string, more: object = {}): Error => Object.assign(new Error("sentence"), { name, ...more });

  it.each([
    [named("UsageError"), 2],
    [named("ConfigError"), 2],
    [named("DataError"), 3],
    [named("InstallError", { kind: "data" }), 3],
    [named("InstallError", { kind: "machine" }), 1],
    [named("InstallError", { kind: "interrupted" }), 130],
    [named("InterruptedError"), 130],
    [named("EngineError"), 1],
    [new TypeError("defect"), 1],
    ["text", 1],
  ])("%s ends with %i", (error, code) => {
    expect(exitCodeOf(error)).toBe(code);
  });

  it("go with one sentence for what users can mend, and with the stack for defects", () => {
    expect(describeError(named("EngineError"))).toBe("divgen: sentence");
    expect(describeError(new TypeError("defect"))).toMatch(/TypeError: defect\n {4}at/);
  });
});
