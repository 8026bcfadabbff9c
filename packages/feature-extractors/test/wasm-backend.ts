import "@tensorflow/tfjs-backend-wasm";
import { enableProdMode, ready, setBackend } from "@tensorflow/tfjs-core";
import { beforeAll } from "vitest";

/** Runs the file's tests on tfjs's wasm backend: large networks would need minutes on the plain JavaScript one. */
export function useWasmBackend(): void {
  beforeAll(async () => {
    enableProdMode();
    if (!(await setBackend("wasm"))) throw new Error("the tfjs wasm backend could not be selected");
    await ready();
  });
}
