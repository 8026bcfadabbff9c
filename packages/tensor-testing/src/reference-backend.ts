import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-layers";
import { enableProdMode, ready, setBackend } from "@tensorflow/tfjs-core";
import { beforeAll } from "vitest";

/** Runs the file's tests on tfjs's plain JavaScript backend: slow, complete, everywhere the same. */
export function useReferenceBackend(): void {
  beforeAll(async () => {
    // Silences the advice that tfjs prints in Node.
    enableProdMode();
    if (!(await setBackend("cpu"))) throw new Error("the tfjs cpu backend could not be selected");
    await ready();
  });
}
