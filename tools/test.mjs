/** `npm test`: sets everything up and runs all checks and tests; ends with one line, "N passed, N failed". */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { bootstrap, root, run, runNode } from "./bootstrap.mjs";
import { tryNativeEngine } from "./engine.mjs";
import { runTurbo } from "./turbo.mjs";

/** Folders that may hold the results of a test run. */
function suiteFolders() {
  const folders = [join(root, "tools")];
  for (const group of ["packages", "apps"]) {
    for (const name of readdirSync(join(root, group))) folders.push(join(root, group, name));
  }
  return folders.filter((folder) => existsSync(join(folder, "package.json")) || folder.endsWith("tools"));
}

const resultsOf = (folder) => join(folder, "test-results", "vitest.json");

await bootstrap();
await tryNativeEngine();
for (const folder of suiteFolders()) rmSync(resultsOf(folder), { force: true });

const failedChecks = [];
const check = async (name, promise) => {
  if ((await promise) !== 0) failedChecks.push(name);
};
await check("floors", runNode(join(root, "tools", "check-floors.mjs"), []));
await check("lint", run(join(root, "node_modules", ".bin", "biome"), ["check", "--error-on-warnings", "."]));
await check("unused code", run(join(root, "node_modules", ".bin", "knip"), []));
await check("turbo", runTurbo(["typecheck", "test"], ["--continue", "--concurrency=1", "--output-logs=new-only"]));
const vitest = join(root, "node_modules", ".bin", "vitest");
await check("workspace tests", run(vitest, ["run", "--config", "../vitest.config.ts", "--root", "."], { cwd: join(root, "tools") }));

let passed = 0;
let failed = 0;
let skipped = 0;
for (const folder of suiteFolders()) {
  if (!existsSync(resultsOf(folder))) continue;
  const results = JSON.parse(readFileSync(resultsOf(folder), "utf8"));
  passed += results.numPassedTests;
  skipped += results.numPendingTests + (results.numTodoTests ?? 0);
  // A file that fails to load counts as one failure: it has no tests to count.
  failed += results.numFailedTests + results.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0).length;
}
if (failedChecks.length > 0) console.error(`\nFailed: ${failedChecks.join(", ")}`);
console.log(`\n${passed} passed, ${failed + (failed === 0 ? failedChecks.length : 0)} failed, ${skipped} skipped`);
process.exitCode = failed > 0 || failedChecks.length > 0 ? 1 : 0;
