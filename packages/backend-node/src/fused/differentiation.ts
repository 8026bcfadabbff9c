import { engine } from "@tensorflow/tfjs-core";

/**
 * Whether operations are being recorded for a gradient. While a gradient is computed, this says that the gradient itself
 * is to be differentiated: then it must be made of operations that have gradients.
 */
export function isRecording(): boolean {
  return engine().state.gradientDepth > 0;
}
