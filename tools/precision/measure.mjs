/**
 * `node tools/precision/measure.mjs [PACKAGES]`: runs the tests and prints, test by test, the largest error of
 * `expectClose` and the error that it allows, both relative to the largest expected value; PRECISION.md is written from it.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const named = process.argv.slice(2);
const packages =
  named.length > 0 ? named : ["metrics", "clustering", "losses", "layers", "image-files", "feature-extractors"];
const folder = mkdtempSync(join(tmpdir(), "divgen-precision-"));
const log = join(folder, "errors.jsonl");
for (const name of packages) {
  const config = join(root, "tools", "precision", "vitest.config.ts");
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const { status } = spawnSync(process.execPath, [vitest, "run", "--config", config, "--root", "."], {
    cwd: join(root, "packages", name),
    env: { ...process.env, DIVGEN_ERRORS: log },
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) {
    process.stderr.write(`${name}: tests fail, their errors are left out\n`);
    process.exitCode = 1;
  }
}
const largest = new Map();
for (const line of existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : []) {
  const { file, test, error, scale, relative: ofValue = 0, absolute = 0 } = JSON.parse(line);
  const name = `${relative(root, file)} | ${test}`;
  const known = largest.get(name) ?? { error: 0, allowed: 0 };
  const unit = scale > 0 ? scale : 1;
  largest.set(name, {
    error: Math.max(known.error, error / unit),
    allowed: Math.max(known.allowed, ofValue + absolute / unit),
  });
}
for (const [name, { error, allowed }] of largest) {
  process.stdout.write(`${error.toExponential(1)}  of ${allowed.toExponential(1)}  ${name}\n`);
}
rmSync(folder, { recursive: true });
