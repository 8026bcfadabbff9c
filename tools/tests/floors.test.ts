import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { root } from "../bootstrap.mjs";
import { findViolations } from "../check-floors.mjs";

const copies: string[] = [];
afterEach(() => {
  for (const copy of copies.splice(0)) rmSync(copy, { recursive: true, force: true });
});

/** A workspace of two packages, of which the first depends on the second. */
function workspaceWith(from: string, to: string): string {
  const folder = mkdtempSync(join(tmpdir(), "divgen-floors-"));
  copies.push(folder);
  for (const name of [from, to]) {
    const dependencies = name === from ? { [`@divgen/${to}`]: "workspace:^" } : {};
    const references = name === from ? [{ path: `../${to}` }] : [];
    mkdirSync(join(folder, "packages", name), { recursive: true });
    writeFileSync(join(folder, "packages", name, "package.json"), JSON.stringify({ dependencies }));
    writeFileSync(join(folder, "packages", name, "tsconfig.json"), JSON.stringify({ references }));
  }
  const references = [from, to].map((name) => ({ path: `packages/${name}` }));
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ references }));
  return folder;
}

test("this workspace has no violation", () => expect(findViolations()).toEqual([]));

test.each([
  ["losses", "core-tensors", []],
  ["core-tensors", "losses", ["core-tensors (floor 1) imports losses (floor 2): imports point down"]],
  ["layers", "losses", ["layers (floor 2) imports losses (floor 2): imports point down"]],
  ["models-dcgan", "models-vae", ["models-dcgan must not import models-vae"]],
  ["models-dcgan", "losses", ["models-dcgan must not import losses"]],
  ["metrics", "feature-extractors", ["metrics must not import feature-extractors"]],
])("%s on %s", (from, to, expected) => {
  expect(findViolations(workspaceWith(from, to))).toEqual(expected);
});

test("a missing reference and an unknown package are named", () => {
  const folder = workspaceWith("losses", "core-tensors");
  writeFileSync(join(folder, "packages", "losses", "tsconfig.json"), "{}");
  cpSync(join(folder, "packages", "core-tensors"), join(folder, "packages", "mystery"), { recursive: true });
  expect(findViolations(folder)).toEqual([
    "losses/tsconfig.json: lacks a reference to core-tensors",
    "packages/mystery: has no floor; add it to tools/check-floors.mjs",
  ]);
});

test("a reference to a folder without a project is named", () => {
  const folder = workspaceWith("losses", "core-tensors");
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      references: [{ path: "packages/losses" }, { path: "packages/core-tensors" }, { path: "apps/gone" }],
    }),
  );
  expect(findViolations(folder)).toEqual(["tsconfig.json: references apps/gone, which has no tsconfig.json"]);
});

test("continuous integration calls the README's test command", () => {
  expect(readFileSync(join(root, ".ci", "run"), "utf8")).toMatch(/^npm test$/m);
  expect(readFileSync(join(root, "README.md"), "utf8")).toContain("npm test");
});
