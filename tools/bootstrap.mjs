/**
 * Sets the workspace up with nothing but Node and npm: pnpm at the pinned version into .tools/, the dependencies of the
 * lockfile, the build. Does nothing that is done already, so it needs no network from the second time on.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
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
  return { ...process.env, PATH: path, TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1", TURBO_NO_UPDATE_NOTIFIER: "1" };
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
    fail(`expected Node 20.19 or newer, got ${process.versions.node}. Install a current Node from https://nodejs.org.`, 2);
  }
}

function pinnedPnpmVersion() {
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return packageManager.replace(/^pnpm@/, "").replace(/\+.*$/, "");
}

function installedPnpmVersion() {
  const manifest = join(toolsFolder, "node_modules", "pnpm", "package.json");
  return existsSync(manifest) ? JSON.parse(readFileSync(manifest, "utf8")).version : undefined;
}

async function ensurePnpm() {
  const version = pinnedPnpmVersion();
  if (installedPnpmVersion() === version) return;
  console.log(`Setting up pnpm ${version} in .tools/ ...`);
  mkdirSync(toolsFolder, { recursive: true });
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const args = ["install", "--prefix", toolsFolder, "--no-save", "--no-audit", "--no-fund", "--loglevel=error", `pnpm@${version}`];
  const code = await run(npm, args, { cwd: toolsFolder, shell: process.platform === "win32" });
  if (code !== 0) fail(`pnpm ${version} could not be installed through npm (exit code ${code}). Is the npm registry reachable?`, code);
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
  const code = await runNode(pnpmEntry, ["install", "--frozen-lockfile", "--prefer-offline", "--reporter=append-only", "--loglevel=warn"]);
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
  await ensurePnpm();
  await ensureDependencies();
  await ensureBuilt();
}
