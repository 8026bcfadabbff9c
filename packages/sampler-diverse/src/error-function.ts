/** Chebyshev coefficients of erfc(x) exp(x^2) (2 + x) / 2 over t = 4 / (2 + x) - 1 in [-1, 1], made with mpmath. */
const CHEBYSHEV = [
  1.1540674772329393, 0.3554369212704985, 0.06509515882878653, 0.003671142395836639, -0.0011128447433526325,
  -0.0001607582991537808, 3.278031574173137e-5, 5.442441645505016e-6, -1.5154665553171482e-6, -1.4297608181169865e-7,
  8.234608827419493e-8, -1.2962846852306563e-9, -4.154721631015199e-9, 6.347058278362811e-10, 1.4320822712256225e-10,
  -6.160390105204585e-11, 2.0612138554721698e-12, 3.5714931488477042e-12, -8.586422843251796e-13, -6.14560021379063e-14,
  7.418725748596617e-14, -1.2895042755032325e-14, -2.358726385710632e-15, 1.5729349381685912e-15,
  -2.2782966239546465e-16, -6.31233045075643e-17, 3.5916763531814925e-17,
];

/** 1 - erf(x), with a relative error below 1e-14 as long as it does not underflow. */
export function complementaryErrorFunction(x: number): number {
  if (x < 0) return 2 - complementaryErrorFunction(-x);
  const u = 2 / (2 + x);
  const twice = 2 * (2 * u - 1);
  let next = 0;
  let sum = 0;
  for (let index = CHEBYSHEV.length - 1; index > 0; index--) {
    const held = sum;
    sum = twice * sum - next + CHEBYSHEV[index]!;
    next = held;
  }
  return u * Math.exp(-x * x) * (0.5 * twice * sum - next + 0.5 * CHEBYSHEV[0]!);
}

/** The error function, with a relative error below 1e-14. */
export function errorFunction(x: number): number {
  if (Math.abs(x) > 0.5) return x > 0 ? 1 - complementaryErrorFunction(x) : complementaryErrorFunction(-x) - 1;
  // 2 / sqrt(pi) exp(-x^2) (x + 2 x^3 / 3 + 4 x^5 / 15 + ...), all terms of one sign.
  let term = x;
  let sum = x;
  for (let k = 3; Math.abs(term) > Math.abs(sum) * 1e-17; k += 2) {
    term *= (2 * x * x) / k;
    sum += term;
  }
  return ((2 * sum) / Math.sqrt(Math.PI)) * Math.exp(-x * x);
}

/**
 * The number below which a standard normal variable lies with the given probability, relative error below 1e-13.
 *
 * @param probability - in (0, 1); 0 and 1 give infinities, everything else NaN.
 */
export function inverseNormalDistribution(probability: number): number {
  if (probability === 0) return Number.NEGATIVE_INFINITY;
  if (probability === 1) return Number.POSITIVE_INFINITY;
  if (!(probability > 0 && probability < 1)) return Number.NaN;
  if (probability === 0.5) return 0;
  if (probability > 0.5) return -inverseNormalDistribution(1 - probability);
  // Abramowitz and Stegun 26.2.23 (error 5e-4), then Halley's method: the error is cubed each time.
  const t = Math.sqrt(-2 * Math.log(probability));
  let x = ((0.010328 * t + 0.802853) * t + 2.515517) / (((0.001308 * t + 0.189269) * t + 1.432788) * t + 1) - t;
  for (let step = 0; step < 3; step++) {
    const excess = 0.5 * complementaryErrorFunction(-x / Math.SQRT2) - probability;
    const newton = excess * Math.sqrt(2 * Math.PI) * Math.exp((x * x) / 2);
    x -= newton / (1 + (x * newton) / 2);
  }
  return x;
}
