import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root, workspaceEnvironment } from "../bootstrap.mjs";

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly license?: string;
  readonly description?: string;
  readonly sideEffects?: unknown;
  readonly dependencies?: Record<string, string>;
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

/** The first TypeScript block of a README. */
function exampleOf(name: string): string {
  const example = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(packagesFolder, name, "README.md"), "utf8"));
  if (example === null) throw new Error(`packages/${name}/README.md: expected a \`\`\`ts example, got none`);
  return example[1]!;
}

describe.each(publishable)("@divgen/%s", (name) => {
  test("has what a published package needs", () => {
    const manifest = manifestOf(name);
    expect(manifest.license).toBe("MIT");
    expect(manifest.description).toBeTruthy();
    expect(manifest.sideEffects).toBeDefined();
    expect(existsSync(join(packagesFolder, name, "LICENSE"))).toBe(true);
    expect(readFileSync(join(packagesFolder, name, "README.md"), "utf8")).toContain(`# @divgen/${name}`);
  });
  test("passes publint", () => {
    execute(join(root, "node_modules", ".bin", "publint"), ["--strict", "--pack", "pnpm"], join(packagesFolder, name));
  });
});

describe("installed from tarballs in an empty project", () => {
  const project = mkdtempSync(join(tmpdir(), "divgen packed "));
  const names = ["losses"];

  beforeAll(() => {
    const tarballs: Record<string, string> = {};
    mkdirSync(join(project, "tarballs"));
    for (const name of new Set(names.flatMap((top) => [...closureOf(top)]))) {
      execute("pnpm", ["pack", "--pack-destination", join(project, "tarballs")], join(packagesFolder, name));
      const tarball = readdirSync(join(project, "tarballs")).find((file) => file.startsWith(`divgen-${name}-0`));
      tarballs[`@divgen/${name}`] = `file:tarballs/${tarball}`;
    }
    const version = "4.22.0";
    const manifest = {
      name: "empty",
      private: true,
      type: "module",
      dependencies: {
        ...tarballs,
        "@tensorflow/tfjs-core": version,
        "@tensorflow/tfjs-backend-cpu": version,
      },
      pnpm: { overrides: tarballs },
    };
    writeFileSync(join(project, "package.json"), JSON.stringify(manifest, null, 2));
    execute("pnpm", ["install", "--prefer-offline", "--ignore-workspace", "--ignore-scripts"], project);
  });
  afterAll(() => rmSync(project, { recursive: true, force: true }));

  test.each(names)("the README example of @divgen/%s type-checks and runs", (name) => {
    writeFileSync(join(project, `${name}.ts`), exampleOf(name));
    const options = { module: "NodeNext", target: "ES2023", strict: true, skipLibCheck: true, outDir: "out", types: [] };
    writeFileSync(
      join(project, "tsconfig.json"),
      JSON.stringify({ compilerOptions: { ...options, lib: ["ES2023", "DOM"] }, files: [`${name}.ts`] }),
    );
    execute(join(root, "node_modules", ".bin", "tsc"), ["-p", "."], project);
    execute(process.execPath, [join("out", `${name}.js`)], project);
  });
});
