import { gammaRatio } from "./gamma-ratio.ts";
import { nodeAngle, nodeRatio, QUADRATURE_STEP } from "./half-line-quadrature.ts";

/** What a standard normal cloud does to a point at distance r of its mean. */
export interface RadialPotential {
  /** E k_a(x - Z) = E sqrt(|x - Z|^2 + a^2) - a, >= 0. */
  value: number;
  /** Derivative by r, divided by r: positive, also at r = 0, and falling in r. */
  slope: number;
}

/**
 * Potential of N(0, I_L) at distance r, exactly.
 *
 *   a = 0:  xi_L(r) = sqrt(2) sum_n Pois(n; r^2/2) Gamma(L/2 + 1/2 + n) / Gamma(L/2 + n)
 *           psi_L(r) = xi_L'(r) / r = xi_{L+2}(r) - xi_L(r)
 *
 * All terms are positive and of one size, so nothing cancels or overflows (the usual series of 1F1 at a negative
 * argument does both). With a > 0: one-dimensional quadrature of the Laplace transform of |x - Z|^2.
 *
 * @param radius - r >= 0.
 * @param dimension - L, integer >= 1.
 * @param smoothing - a >= 0.
 * @param out - filled and returned when given.
 * @returns relative error below 1e-12 for both parts, for r^2 / 2 up to 1e8.
 * @see Turinici, "Radon-Sobolev variational auto-encoders", Neural Networks 2021.
 */
export function normalPotential(
  radius: number,
  dimension: number,
  smoothing = 0,
  out: RadialPotential = { value: 0, slope: 0 },
): RadialPotential {
  if (smoothing > 0) smoothed(radius, dimension, smoothing, out);
  else if (!farAway(radius, dimension, out)) poissonSeries(radius, dimension, out);
  return out;
}

/** E |Z - Z'| - type constant of two standard normal points: E sqrt(|Z - Z'|^2 + a^2) - a. */
export function normalSelfEnergy(dimension: number, smoothing = 0): number {
  return Math.SQRT2 * normalPotential(0, dimension, smoothing / Math.SQRT2).value;
}

/** Ratio of sums over n around the mode of the Poisson weights, which need no normalisation this way. */
function poissonSeries(radius: number, dimension: number, out: RadialPotential): void {
  const rate = (radius * radius) / 2;
  const half = dimension / 2;
  const mode = Math.floor(rate);
  const ratioAtMode = gammaRatio(half + mode);
  let weights = 1;
  let values = ratioAtMode;
  let slopes = (0.5 * ratioAtMode) / (half + mode);
  let weight = 1;
  let ratio = ratioAtMode;
  for (let n = mode; ; n++) {
    weight *= rate / (n + 1);
    ratio *= (half + 0.5 + n) / (half + n);
    if (weight < 1e-18) break;
    weights += weight;
    values += weight * ratio;
    slopes += (weight * 0.5 * ratio) / (half + n + 1);
  }
  weight = 1;
  ratio = ratioAtMode;
  for (let n = mode; n > 0; n--) {
    weight *= n / rate;
    ratio *= (half + n - 1) / (half + n - 0.5);
    if (weight < 1e-18) break;
    weights += weight;
    values += weight * ratio;
    slopes += (weight * 0.5 * ratio) / (half + n - 1);
  }
  out.value = (Math.SQRT2 * values) / weights;
  out.slope = (Math.SQRT2 * slopes) / weights;
}

/** The expansion in 2 / r^2, where its terms fall below rounding; false where they do not. */
function farAway(radius: number, dimension: number, out: RadialPotential): boolean {
  const rate = (radius * radius) / 2;
  if (rate < 200 || rate < 4 * dimension) return false;
  let term = 1;
  let value = 1;
  let slope = 1;
  for (let k = 1; k < 60; k++) {
    term *= ((k - 1.5) * (k - 0.5 - dimension / 2)) / (k * rate);
    value += term;
    // A term of r^(1 - 2k) has the derivative (1 - 2k) r^(-2k).
    slope += (1 - 2 * k) * term;
    if (Math.abs(term) * (2 * k + 1) < 1e-17) {
      out.value = radius * value;
      out.slope = slope / radius;
      return true;
    }
  }
  return false;
}

/**
 * With t = w^2, m = L + r^2 and phi(w) = exp(-a^2 w^2) (1 + 2 w^2)^(-L/2) exp(-r^2 w^2 / (1 + 2 w^2)):
 *
 *   value = m / (sqrt(m + a^2) + a) - pi^(-1/2) int_0^inf [phi(w) - exp(-(m + a^2) w^2)] / w^2 dw
 *   slope = 2 pi^(-1/2) int_0^inf phi(w) / (1 + 2 w^2) dw
 *
 * The bracket is >= 0 and vanishes as w^4 at 0. The rule is the trapezoidal one in u, w = sinh(u) / sqrt(m + a^2).
 */
function smoothed(radius: number, dimension: number, smoothing: number, out: RadialPotential): void {
  const squared = radius * radius;
  const mean = dimension + squared;
  const root = Math.sqrt(mean + smoothing * smoothing);
  let value = 0;
  let slope = 0;
  for (let node = 0; ; node++) {
    const w = nodeRatio(node) / root;
    const t = w * w;
    const spread = 1 + 2 * t;
    const half = 0.5 * Math.log1p(2 * t);
    const phi = Math.exp(-smoothing * smoothing * t - dimension * half - (squared * t) / spread);
    const reference = Math.exp(-root * root * t);
    // Logarithm of phi / reference, >= 0: its parts cancel to order t^2 at small t, which the factor 1 / w^2 allows.
    const gain = dimension * (t - half) + (squared * 2 * t * t) / spread;
    const width = nodeAngle(node);
    const valueTerm = ((gain < 0.5 ? reference * Math.expm1(gain) : phi - reference) / t) * width;
    const slopeTerm = (phi / spread) * width;
    value += valueTerm;
    slope += slopeTerm;
    if (slopeTerm <= slope * 1e-18 && valueTerm <= value * 1e-18) break;
  }
  const scale = QUADRATURE_STEP / (root * Math.sqrt(Math.PI));
  out.value = mean / (root + smoothing) - scale * value;
  out.slope = 2 * scale * slope;
}
