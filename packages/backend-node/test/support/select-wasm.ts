import { ready, setBackend } from "@tensorflow/tfjs-core";

/** Makes wasm the current backend, or throws. */
export async function selectWasm(): Promise<void> {
  if (!(await setBackend("wasm"))) throw new Error("the tfjs wasm backend could not be selected");
  await ready();
}
