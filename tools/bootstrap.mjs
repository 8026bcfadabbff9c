/**
 * Sets the workspace up with nothing but Node and npm: pnpm at the pinned version into .tools/, the dependencies of the
 * lockfile, the build. Does nothing that is done already, so it needs no network from the second time on.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const toolsFolder = join(root, ".tools");
const pnpmEntry = join(toolsFolder, "node_modules", "pnpm", "bin", "pnpm.cjs");

/** The environment in which pnpm, turbo and the workspace's own binaries are found. */
export function workspaceEnvironment() {
  const path = [
    join(toolsFolder, "node_modules", ".bin"),
    join(root, "node_modules", ".bin"),
    process.env.PATH ?? "",
  ].join(delimiter);
  return {
    ...process.env,
    PATH: path,
    TURBO_TELEMETRY_DISABLED: "1",
    DO_NOT_TRACK: "1",
    TURBO_NO_UPDATE_NOTIFIER: "1",
  };
}

/** Runs a program in the workspace's root with its output shown; resolves to its exit code. Interrupts reach it too. */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: "inherit", env: workspaceEnvironment(), ...options });
    // The terminal sends Ctrl-C to the whole group; waiting for the child keeps its last words in order.
    const wait = () => undefined;
    process.on("SIGINT", wait);
    const forward = () => child.kill("SIGTERM");
    process.on("SIGTERM", forward);
    child.once("error", reject);
    child.once("close", (code, signal) => {
      process.off("SIGINT", wait);
      process.off("SIGTERM", forward);
      resolve(code ?? (signal === "SIGINT" || signal === "SIGTERM" ? 130 : 1));
    });
  });
}

/** Runs a Node script of the workspace. */
export function runNode(script, args, options) {
  return run(process.execPath, [script, ...args], options);
}

/** Ends the process with a sentence instead of a stack trace. */
export function fail(message, code = 1) {
  console.error(`divgen: ${message}`);
  process.exit(code);
}

function assertNodeVersion() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(
      `expected Node 20.19 or newer, got ${process.versions.node}. Install a current Node from https://nodejs.org.`,
      2,
    );
  }
}

function pinnedPnpmVersion() {
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return packageManager.replace(/^pnpm@/, "").replace(/\+.*$/, "");
}

/** The version of the pnpm in .tools/, or undefined unless its command is there too: turbo runs scripts through it. */
function installedPnpmVersion(modules = join(toolsFolder, "node_modules")) {
  const manifest = join(modules, "pnpm", "package.json");
  const command = join(modules, ".bin", process.platform === "win32" ? "pnpm.cmd" : "pnpm");
  if (![manifest, command, join(modules, "pnpm", "bin", "pnpm.cjs")].every(existsSync)) return undefined;
  return JSON.parse(readFileSync(manifest, "utf8")).version;
}

/**
 * Installs pnpm beside its place and moves it there when it is complete: an installation that is interrupted, or a
 * second one at the same time, leaves no half of it behind.
 */
async function ensurePnpm() {
  const version = pinnedPnpmVersion();
  if (installedPnpmVersion() === version) return;
  console.log(`Setting up pnpm ${version} in .tools/ ...`);
  mkdirSync(toolsFolder, { recursive: true });
  const staging = mkdtempSync(join(toolsFolder, "pnpm-"));
  try {
    const problem = await stagePnpm(version, staging);
    if (problem !== undefined) throw new Error(`pnpm ${version} could not be installed: ${problem}`);
    // Another process may have been faster.
    if (installedPnpmVersion() === version) return;
    rmSync(join(toolsFolder, "node_modules"), { recursive: true, force: true });
    renameSync(join(staging, "node_modules"), join(toolsFolder, "node_modules"));
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** Installs pnpm into a folder and runs it; resolves to what went wrong. */
async function stagePnpm(version, folder) {
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  const windows = process.platform === "win32";
  const args = ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error", `pnpm@${version}`];
  const code = await run(windows ? "npm.cmd" : "npm", args, { cwd: folder, shell: windows });
  if (code !== 0) return `npm ended with exit code ${code}. Is the npm registry reachable?`;
  if (installedPnpmVersion(join(folder, "node_modules")) !== version) return "npm left no pnpm command behind.";
  const command = join("node_modules", ".bin", windows ? "pnpm.cmd" : "pnpm");
  const runs = await run(command, ["--version"], { cwd: folder, shell: windows, stdio: "ignore" });
  return runs === 0 ? undefined : `its command does not run (exit code ${runs}).`;
}

/** A hash of all that decides what an installation holds. */
function installationHash() {
  const hash = createHash("sha256");
  for (const file of ["pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json", ".npmrc"]) {
    hash.update(readFileSync(join(root, file)));
  }
  hash.update(`${process.platform}-${process.arch}`);
  return hash.digest("hex");
}

async function ensureDependencies() {
  const stamp = join(root, "node_modules", ".divgen-installed");
  const wanted = installationHash();
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  console.log("Installing dependencies ...");
  const code = await runNode(pnpmEntry, [
    "install",
    "--frozen-lockfile",
    "--prefer-offline",
    "--reporter=append-only",
    "--loglevel=warn",
  ]);
  if (code !== 0) fail(`the dependencies could not be installed (pnpm ended with exit code ${code}).`, code);
  writeFileSync(stamp, wanted);
}

async function ensureBuilt() {
  const code = await runNode(join(root, "node_modules", "typescript", "bin", "tsc"), ["--build", root]);
  if (code !== 0) fail(`the build failed (tsc ended with exit code ${code}).`, code);
}

/** Makes the workspace ready to run. */
export async function bootstrap() {
  assertNodeVersion();
  await ensurePnpm().catch((error) => fail(error.message));
  await ensureDependencies();
  await ensureBuilt();
}
