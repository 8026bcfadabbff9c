/**
 * Fails when an import points up: package.json dependencies against the floors of the architecture, the bans between
 * neighbours, and TypeScript references that are out of step with the dependencies.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const defaultRoot = dirname(dirname(fileURLToPath(import.meta.url)));

const floors = {
  random: 0,
  "weight-files": 0,
  "core-tensors": 1,
  layers: 2,
  losses: 2,
  clustering: 2,
  "image-files": 2,
  datasets: 3,
  "feature-extractors": 3,
  metrics: 3,
  "sampler-diverse": 3,
  training: 4,
  experiment: 4,
  evaluation: 4,
  "backend-node": 4,
  cli: 5,
};

/** The floor of a package by its folder name; models share one, apps stand on top. */
function floorOf(name, group) {
  if (group === "apps") return 5;
  if (name.startsWith("models-")) return 3;
  return floors[name];
}

/** What a package must not depend on although it stands on the same floor or below. */
function isBanned(from, to) {
  if (from.startsWith("models-")) return to.startsWith("models-") || to === "losses" || to === "training";
  if (from === "losses") return to.startsWith("models-");
  if (from === "metrics") return to === "feature-extractors";
  return false;
}

const readJson = (file) => JSON.parse(readFileSync(file, "utf8"));

/** All violations in a workspace, as sentences. */
export function findViolations(root = defaultRoot) {
  const violations = [];
  const references = new Set(
    readJson(join(root, "tsconfig.json")).references.map(({ path }) => path.replace(/^\.\//, "")),
  );
  // A reference to nothing stops tsc and vitest alike.
  for (const path of references) {
    if (!existsSync(join(root, path, "tsconfig.json")))
      violations.push(`tsconfig.json: references ${path}, which has no tsconfig.json`);
  }
  for (const group of ["packages", "apps"]) {
    if (!existsSync(join(root, group))) continue;
    for (const name of readdirSync(join(root, group))) {
      const folder = join(root, group, name);
      if (!existsSync(join(folder, "package.json")) || name === "tensor-testing") continue;
      const floor = floorOf(name, group);
      if (floor === undefined) {
        violations.push(`${group}/${name}: has no floor; add it to tools/check-floors.mjs`);
        continue;
      }
      const manifest = readJson(join(folder, "package.json"));
      const all = { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies };
      const targets = Object.keys(all).filter((dependency) => dependency.startsWith("@divgen/"));
      for (const target of targets.map((dependency) => dependency.slice("@divgen/".length))) {
        const below = floorOf(target, "packages");
        const sameFloorAllowed = floor === 3 || floor === 4 || floor === 5;
        if (below > floor || (below === floor && !sameFloorAllowed)) {
          violations.push(`${name} (floor ${floor}) imports ${target} (floor ${below}): imports point down`);
        }
        if (isBanned(name, target)) violations.push(`${name} must not import ${target}`);
      }
      const referenced = (readJson(join(folder, "tsconfig.json")).references ?? []).map(({ path }) =>
        path.split("/").at(-1),
      );
      const wanted = targets.map((dependency) => dependency.slice("@divgen/".length));
      for (const target of wanted) {
        if (!referenced.includes(target)) violations.push(`${name}/tsconfig.json: lacks a reference to ${target}`);
      }
      for (const target of referenced) {
        if (!wanted.includes(target))
          violations.push(`${name}/tsconfig.json: references ${target}, which is no dependency`);
      }
      if (!references.has(`${group}/${name}`)) violations.push(`tsconfig.json: lacks a reference to ${group}/${name}`);
    }
  }
  return violations;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const violations = findViolations();
  for (const violation of violations) console.error(violation);
  if (violations.length === 0) console.log("Floors: all imports point down.");
  process.exitCode = violations.length === 0 ? 0 : 1;
}
