import { enableProdMode, setBackend } from "@tensorflow/tfjs-core";
import { prepareNativeEnvironment, registerNativeBackend } from "../native/native-binding.ts";
import { registerFusedKernels } from "./register-fused-kernels.ts";

/**
 * Makes the native engine current, with its fused kernels.
 *
 * @returns false where this machine has no native engine.
 */
export async function startNativeEngine(): Promise<boolean> {
  const path = process.env["DIVGEN_NATIVE_BINDING"];
  if (path === undefined) return false;
  enableProdMode();
  prepareNativeEnvironment(undefined);
  registerNativeBackend(path, "@tensorflow/tfjs-node");
  registerFusedKernels(false);
  return setBackend("tensorflow");
}
