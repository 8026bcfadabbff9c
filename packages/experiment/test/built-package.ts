import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll } from "vitest";

const here = dirname(fileURLToPath(import.meta.url));
const packageRoot = join(here, "..");

/** Child processes run the built package: brings `dist` up to date, which costs a moment when it is already. */
export function buildFirst(): void {
  beforeAll(() => {
    const compiler = join(packageRoot, "../../node_modules/typescript/bin/tsc");
    execFileSync(process.execPath, [compiler, "-b", packageRoot], { stdio: "inherit" });
  });
}

/** Starts `test/children/NAME.mjs`. */
export function startChild(name: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, [join(here, "children", `${name}.mjs`), ...args], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** How a child ended and what it wrote. */
export interface ChildResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly errors: string;
}

/** Waits for a child. */
export function finished(child: ChildProcess): Promise<ChildResult> {
  let output = "";
  let errors = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, output, errors }));
  });
}
