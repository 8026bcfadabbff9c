import type { EngineCandidate } from "./engine-candidate.ts";

/** tfjs's plain JavaScript backend: everywhere the same, and about a thousand times slower than native. */
export function cpuCandidate(): EngineCandidate {
  return {
    name: "cpu",
    tfjsBackend: "cpu",
    load: async () => {
      const { version_cpu: version } = await import("@tensorflow/tfjs-backend-cpu");
      return `plain JavaScript, tfjs ${version}, one thread: for tests only`;
    },
  };
}
