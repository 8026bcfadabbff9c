/** Tries once to build the native engine, with visible progress and bounded time; what fails here is never fatal. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./bootstrap.mjs";

export async function tryNativeEngine() {
  if (["wasm", "cpu"].includes(process.env.DIVGEN_ENGINE ?? "")) return;
  const module = join(root, "packages", "backend-node", "dist", "index.js");
  if (!existsSync(module)) return;
  try {
    const { installEngineOnce } = await import(pathToFileURL(module).href);
    await installEngineOnce({ timeLimitSeconds: 420, log: (line) => console.log(line) });
  } catch (error) {
    console.log(`The native engine is not available: ${error instanceof Error ? error.message : error}`);
  }
}
