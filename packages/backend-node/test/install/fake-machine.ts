import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MachineFacts } from "../../src/install/engine-platform.ts";

/** A wheel that the fake index offers. */
export interface OfferedFakeWheel {
  readonly url: string;
  readonly sha256: string;
  /** File that `pip download` copies. */
  readonly path?: string;
}

/** How the fake tools behave. */
export interface FakeMachineOptions {
  /** What `pip install --report` says about a requirement's name; a string is an error on standard error. */
  readonly index?: Readonly<Record<string, OfferedFakeWheel>> | string;
  /** "none": no Python; "python only": Python without pip; "old": a pip without --report. */
  readonly pip?: "works" | "none" | "python only" | "old";
  /** "none": no compiler; `error`: it fails and says this; `errorOn`: it fails on this source. */
  readonly compiler?:
    | "works"
    | "none"
    | { readonly error: string }
    | { readonly errorOn: string }
    | { readonly seconds: number };
  /** JavaScript that stands for the compiled binding. */
  readonly binding?: string;
}

/** JavaScript with the part of tfjs-node's binding that the check of a new engine uses. */
export const workingBinding = `
module.exports = {
  TF_Version: "2.21.0", TF_FLOAT: 1, TF_ATTR_BOOL: 2, TF_ATTR_TYPE: 3,
  isUsingGpuDevice: () => false,
  createTensor: (shape, type, values) => [...values],
  executeOp: (name, attributes, [[a, b, c, d], [e, f, g, h]]) => [{ id: [a*e+b*g, a*f+b*h, c*e+d*g, c*f+d*h] }],
  tensorDataSync: (id) => Float32Array.from(id),
};`;

/** Facts of the machine on which the engine was tested. */
export const linuxFacts: MachineFacts = { platform: "linux", architecture: process.arch, glibc: "2.36" };

/**
 * A machine of scripts in a temporary folder: its own PATH with a fake pip and a fake compiler that log how they were
 * called, and its own cache. The compiled "binding" is JavaScript, which Node is told to accept as an addon.
 */
export class FakeMachine {
  readonly folder: string = mkdtempSync(join(tmpdir(), "divgen install-"));
  readonly cache: string = join(this.folder, "cache");
  readonly environment: NodeJS.ProcessEnv;
  readonly #log: string = join(this.folder, "calls.log");

  constructor(options: FakeMachineOptions = {}) {
    const { pip = "works", compiler = "works", index = {}, binding = workingBinding } = options;
    const bin = join(this.folder, "bin");
    mkdirSync(bin);
    const settings = { pip, index, compiler, binding };
    writeFileSync(join(this.folder, "settings.json"), JSON.stringify(settings));
    const noPip = "echo 'python3: No module named pip' >&2; exit 1";
    const version = pip === "python only" ? noPip : "echo 'pip 25.0 from /nowhere'; exit 0";
    if (pip !== "none") this.#writeTool(bin, "python3", `*--version) ${version};;`, fakePython);
    const simpleCompiler = "*--version) echo 'g++ (fake) 14.2.0'; exit 0;; *standard_error.node) exit 0;;";
    if (compiler !== "none") this.#writeTool(bin, "g++", simpleCompiler, fakeCompiler);
    const hook = join(this.folder, "accept-javascript-addons.cjs");
    writeFileSync(hook, 'require.extensions[".node"] = require.extensions[".js"];');
    this.environment = { PATH: bin, DIVGEN_CACHE: this.cache, NODE_OPTIONS: `--require "${hook}"` };
  }

  /** How the tools were called, a line each: "python3 -m pip --version". */
  calls(containing = ""): string[] {
    if (!existsSync(this.#log)) return [];
    return readFileSync(this.#log, "utf8")
      .split("\n")
      .filter((line) => line !== "" && line.includes(containing));
  }

  /** Changes how the tools behave from now on. */
  change(options: Pick<FakeMachineOptions, "index" | "compiler" | "binding">): void {
    const path = join(this.folder, "settings.json");
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), ...options }));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A shell script for what is asked often, which starts in a millisecond, and JavaScript for the rest. */
  #writeTool(bin: string, name: string, shellCases: string, script: string): void {
    const settings = JSON.stringify(join(this.folder, "settings.json"));
    const file = join(this.folder, `${name}.cjs`);
    const header = `const settings = JSON.parse(require("node:fs").readFileSync(${settings}, "utf8"));\n`;
    writeFileSync(file, `${header}${scriptStart}${script}`);
    const shell = `#!/bin/sh
printf '%s\\n' "${name} $*" >> "${this.#log}"
case "$*" in ${shellCases} esac
exec "${process.execPath}" "${file}" "$@"
`;
    writeFileSync(join(bin, name), shell, { mode: 0o755 });
  }
}

const scriptStart = `
const { copyFileSync, mkdirSync, readFileSync, writeFileSync } = require("node:fs");
const { basename, join } = require("node:path");
const words = process.argv.slice(2);
const fail = (text) => { process.stderr.write(text + "\\n"); process.exit(1); };
`;

const fakePython = `
if (typeof settings.index === "string") fail(settings.index);
const requirement = words.at(-1);
const offer = settings.index[requirement.split(/[=<>]/)[0]];
if (words.includes("install") && settings.pip === "old") fail("no such option: --report");
if (offer === undefined) fail("ERROR: No matching distribution found for " + requirement);
if (words.includes("install")) {
  const archive_info = { hashes: { sha256: offer.sha256 } };
  console.log(JSON.stringify({ install: [{ download_info: { url: offer.url, archive_info } }] }));
} else {
  const target = words[words.indexOf("--dest") + 1];
  mkdirSync(target, { recursive: true });
  if (offer.path === undefined) fail("ERROR: HTTP error 404");
  copyFileSync(offer.path, join(target, basename(offer.path)));
}
`;

const fakeCompiler = `
const { error, errorOn, seconds } = settings.compiler;
if (error !== undefined) fail(error);
if (errorOn !== undefined && words.some((word) => word.includes(errorOn))) fail("error: it is not C++");
if (seconds !== undefined) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000 * seconds);
const output = words[words.indexOf("-o") + 1];
for (const file of words.filter((word) => word.includes("libtensorflow"))) readFileSync(file);
writeFileSync(output, settings.binding);
`;
