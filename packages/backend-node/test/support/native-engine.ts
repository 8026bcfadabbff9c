import { EngineError } from "../../src/engine.ts";
import { selectEngine } from "../../src/select-engine.ts";

/**
 * Makes the native engine current, with its fused kernels.
 *
 * @returns false where this machine has no native engine on the CPU.
 */
export async function startNativeEngine(): Promise<boolean> {
  try {
    await selectEngine("native");
    return true;
  } catch (error) {
    if (error instanceof EngineError) return false;
    throw error;
  }
}
