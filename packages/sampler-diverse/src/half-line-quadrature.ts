/**
 * Nodes for integrals over w in (0, inf) of functions that are even and analytic in w, smooth on the scale of log(w)
 * beyond 1 / root, and fall off at infinity: w = sinh(u) / root, trapezoidal rule in u at the midpoints
 * u = (node + 1/2) step. The factors exp(-c w^2) are analytic for |Im u| < pi / 4, which makes the error of the step
 * about exp(-pi^2 / (2 step)) = 7e-18.
 */
export const QUADRATURE_STEP = 0.125;

const NODES = 400;
const ratios: Float64Array = Float64Array.from({ length: NODES }, (_, node) =>
  Math.sinh((node + 0.5) * QUADRATURE_STEP),
);
const angles: Float64Array = Float64Array.from({ length: NODES }, (_, node) =>
  Math.cosh((node + 0.5) * QUADRATURE_STEP),
);

/** w times root at a node. */
export function nodeRatio(node: number): number {
  return node < NODES ? ratios[node]! : Math.sinh((node + 0.5) * QUADRATURE_STEP);
}

/** dw / du times root at a node. */
export function nodeAngle(node: number): number {
  return node < NODES ? angles[node]! : Math.cosh((node + 0.5) * QUADRATURE_STEP);
}
