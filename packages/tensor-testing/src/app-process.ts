import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** How a built app ended. */
export interface AppExit {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A built app, run as users run it: a process of its own in a folder. */
export interface AppProcess {
  run(...args: string[]): AppExit;
  /** Starts the app and kills it as soon as its log has the step; rejects if it ends by itself. */
  killAt(step: number, runPath: string, args: readonly string[]): Promise<void>;
}

/**
 * @param main - the built entry file.
 * @param environment - added to this process's.
 */
export function createAppProcess(main: string, folder: string, environment: Record<string, string>): AppProcess {
  const options = { cwd: folder, env: { ...process.env, ...environment } };
  return {
    run: (...args) => spawnSync(process.execPath, [main, ...args], { ...options, encoding: "utf8" }),
    killAt: (step, runPath, args) =>
      new Promise((resolve, reject) => {
        const child = spawn(process.execPath, [main, "--json", ...args], { ...options, stdio: "ignore" });
        const events = join(runPath, "events.jsonl");
        const timer = setInterval(() => {
          if (!existsSync(events)) return;
          if (readFileSync(events, "utf8").includes(`"step":${step},`)) child.kill("SIGKILL");
        }, 5);
        child.once("exit", (_code, signal) => {
          clearInterval(timer);
          if (signal === "SIGKILL") resolve();
          else reject(new Error(`expected to be killed at step ${step}, but it ended by itself`));
        });
      }),
  };
}

/** The arrays of a run's newest checkpoint by file name, as text that compares. */
export function newestCheckpoint(runPath: string): Record<string, string> {
  const checkpoints = join(runPath, "checkpoints");
  const newest = join(checkpoints, readdirSync(checkpoints).sort().at(-1)!);
  const names = readdirSync(newest).filter((name) => name.endsWith(".safetensors"));
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(newest, name)).toString("base64")]));
}
