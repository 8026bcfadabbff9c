/** `npm test`: sets everything up and runs all checks and tests; ends with "N passed, N failed, N skipped". */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { bootstrap, fail, root, run, runNode } from "./bootstrap.mjs";
import { tryNativeEngine } from "./engine.mjs";
import { runTurbo } from "./turbo.mjs";

/** Folders that hold the results of a test run: all whose package has tests. */
function suiteFolders() {
  const folders = [join(root, "tools")];
  for (const group of ["packages", "apps"]) {
    for (const name of readdirSync(join(root, group))) folders.push(join(root, group, name));
  }
  return folders.filter((folder) => folder.endsWith("tools") || hasTests(folder));
}

function hasTests(folder) {
  const manifest = join(folder, "package.json");
  return existsSync(manifest) && JSON.parse(readFileSync(manifest, "utf8")).scripts?.test !== undefined;
}

const resultsOf = (folder) => join(folder, "test-results", "vitest.json");

await bootstrap();
await tryNativeEngine();
for (const folder of suiteFolders()) rmSync(resultsOf(folder), { force: true });

// Whoever interrupts means the whole run, not the check in progress.
let interruptedBy;
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => (interruptedBy = signal));
function stopIfInterrupted() {
  if (interruptedBy !== undefined) fail(`the tests were interrupted by ${interruptedBy}.`, 130);
}

const failedChecks = [];
const check = async (name, promise) => {
  const code = await promise.catch((error) => {
    console.error(error);
    return 1;
  });
  stopIfInterrupted();
  if (code !== 0) failedChecks.push(name);
};
const bin = (name) => join(root, "node_modules", ".bin", name);
await check("floors", runNode(join(root, "tools", "check-floors.mjs"), []));
await check("lint", run(bin("biome"), ["check", "--error-on-warnings", "."]));
await check("unused code", run(bin("knip"), ["--no-config-hints"]));
await check("types of tools/tests", run(bin("tsc"), ["-p", "tools"]));
// In two runs, so that a failure is counted once: as a check when types are wrong, as tests when tests fail.
const turboOptions = ["--continue", "--concurrency=1", "--output-logs=new-only"];
await check("build and types", runTurbo(["typecheck"], turboOptions));
const testsEnded = await runTurbo(["test"], turboOptions);
stopIfInterrupted();
const vitest = ["run", "--config", "../vitest.config.ts", "--root", "."];
const toolTestsEnded = await run(bin("vitest"), vitest, { cwd: join(root, "tools") });
stopIfInterrupted();

let passed = 0;
let failed = 0;
let skipped = 0;
for (const folder of suiteFolders()) {
  if (!existsSync(resultsOf(folder))) {
    failedChecks.push(`no test results in ${relative(root, folder)}`);
    continue;
  }
  const results = JSON.parse(readFileSync(resultsOf(folder), "utf8"));
  if (results.numTotalTests === 0 && results.testResults.length === 0) {
    failedChecks.push(`no tests in ${relative(root, folder)}`);
  }
  passed += results.numPassedTests;
  skipped += results.numPendingTests + (results.numTodoTests ?? 0);
  // A file that fails to load counts as one failure: it has no tests to count.
  failed +=
    results.numFailedTests +
    results.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0).length;
}
failed += failedChecks.length;
// A suite that fails without a failed test, such as by an unhandled rejection, or a crash of turbo.
if (failed === 0 && (testsEnded !== 0 || toolTestsEnded !== 0)) {
  failedChecks.push("the test run itself");
  failed += 1;
}
if (failedChecks.length > 0) console.error(`\nFailed: ${failedChecks.join(", ")}`);
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 ? 1 : 0;
