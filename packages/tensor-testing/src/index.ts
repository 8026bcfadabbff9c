export { type AppExit, type AppProcess, createAppProcess, newestCheckpoint } from "./app-process.ts";
export { expectClose, type Tolerance } from "./closeness.ts";
export { directionalDerivative, directionalDifference, type FiniteDifferenceOptions } from "./finite-differences.ts";
export { leakCheck } from "./leak-check.ts";
export { useReferenceBackend } from "./reference-backend.ts";
export { fillWithRipples, type ParameterSource, projectedGradients, ripple, squaredGradient } from "./ripples.ts";
