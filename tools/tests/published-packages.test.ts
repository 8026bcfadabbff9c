import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root, workspaceEnvironment } from "../bootstrap.mjs";

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly license?: string;
  readonly description?: string;
  readonly sideEffects?: unknown;
  readonly keywords?: readonly string[];
  readonly files?: readonly string[];
  readonly dependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

const packagesFolder = join(root, "packages");
const manifestOf = (name: string): Manifest =>
  JSON.parse(readFileSync(join(packagesFolder, name, "package.json"), "utf8")) as Manifest;
const publishable = readdirSync(packagesFolder).filter(
  (name) => existsSync(join(packagesFolder, name, "package.json")) && manifestOf(name).private !== true,
);

/** The workspace packages that a package needs at run time, itself included. */
function closureOf(name: string, seen: Set<string> = new Set()): Set<string> {
  if (seen.has(name)) return seen;
  seen.add(name);
  for (const dependency of Object.keys(manifestOf(name).dependencies ?? {})) {
    if (dependency.startsWith("@divgen/")) closureOf(dependency.slice("@divgen/".length), seen);
  }
  return seen;
}

function execute(command: string, args: string[], cwd: string): string {
  try {
    return execFileSync(command, args, { cwd, env: workspaceEnvironment(), encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command} ${args.join(" ")} failed in ${cwd}\n${stdout}\n${stderr}`);
  }
}

/** The first TypeScript block of a README, if it has one. */
function exampleOf(name: string): string | undefined {
  return /```ts\n([\s\S]*?)```/.exec(readFileSync(join(packagesFolder, name, "README.md"), "utf8"))?.[1];
}

describe.each(publishable)("@divgen/%s", (name) => {
  test("has what a published package needs", () => {
    const manifest = manifestOf(name);
    expect(manifest.license).toBe("MIT");
    expect(manifest.description).toBeTruthy();
    expect(manifest.sideEffects).toBeDefined();
    expect(manifest.keywords).toContain("divgen");
    expect(manifest.files).toContain("!dist/**/.tsbuildinfo");
    expect(existsSync(join(packagesFolder, name, "LICENSE"))).toBe(true);
    expect(readFileSync(join(packagesFolder, name, "README.md"), "utf8")).toContain(`# @divgen/${name}`);
  });
  test("passes publint", () => {
    execute(join(root, "node_modules", ".bin", "publint"), ["--strict", "--pack", "pnpm"], join(packagesFolder, name));
  });
});

/**
 * Where each third-party package that these packages need at run time lies in this workspace, by name. The empty
 * project links to it: what is tested is our tarballs, not the registry, and no network is needed.
 */
function thirdParty(names: Iterable<string>): Record<string, string> {
  const links: Record<string, string> = {};
  for (const name of names) {
    const { dependencies, peerDependencies, optionalDependencies } = manifestOf(name);
    for (const dependency of Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies })) {
      const place = join(packagesFolder, name, "node_modules", dependency);
      // An optional package may be missing on this platform.
      if (!dependency.startsWith("@divgen/") && existsSync(place)) links[dependency] = `link:${realpathSync(place)}`;
    }
  }
  return links;
}

describe("installed from tarballs in an empty project", () => {
  const project = mkdtempSync(join(tmpdir(), "divgen packed "));
  const names = publishable.filter((name) => exampleOf(name) !== undefined);

  beforeAll(() => {
    const tarballs: Record<string, string> = {};
    mkdirSync(join(project, "tarballs"));
    const needed = new Set(names.flatMap((top) => [...closureOf(top)]));
    for (const name of needed) {
      execute("pnpm", ["pack", "--pack-destination", join(project, "tarballs")], join(packagesFolder, name));
      tarballs[`@divgen/${name}`] = `file:tarballs/divgen-${name}-${manifestOf(name).version}.tgz`;
    }
    const links = thirdParty(needed);
    const own = ["@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-cpu", "@types/node"];
    for (const name of own) links[name] = `link:${realpathSync(join(root, "node_modules", name))}`;
    const manifest = {
      name: "empty",
      private: true,
      type: "module",
      dependencies: { ...tarballs, ...Object.fromEntries(own.map((name) => [name, links[name]])) },
      pnpm: { overrides: { ...links, ...tarballs } },
    };
    writeFileSync(join(project, "package.json"), JSON.stringify(manifest, null, 2));
    execute("pnpm", ["install", "--offline", "--ignore-workspace", "--ignore-scripts"], project);
    for (const name of names) writeFileSync(join(project, `${name}.ts`), exampleOf(name) ?? "");
    const compilerOptions = {
      module: "NodeNext",
      target: "ES2023",
      lib: ["ES2023", "DOM"],
      strict: true,
      skipLibCheck: true,
      outDir: "out",
      types: ["node"],
    };
    const files = names.map((name) => `${name}.ts`);
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
  });
  afterAll(() => rmSync(project, { recursive: true, force: true }));

  test("the README examples type-check", () => {
    execute(join(root, "node_modules", ".bin", "tsc"), ["-p", "."], project);
  });
  test.each(names)("the README example of @divgen/%s runs", (name) => {
    execute(process.execPath, [join("out", `${name}.js`)], project);
  });
});
