import { enableProdMode, setBackend } from "@tensorflow/tfjs-core";
import { registerFusedKernels } from "../../src/fused/register-fused-kernels.ts";
import { prepareNativeEnvironment, registerNativeBackend } from "../../src/native/native-binding.ts";

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
