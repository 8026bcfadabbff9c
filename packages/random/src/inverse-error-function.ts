const CENTRAL = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164,
  0.246640727, 1.50140941,
];
const TAIL = [
  -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047,
  1.00167406, 2.83297682,
];

/**
 * Inverse of the error function on (-1, 1), with float32 accuracy: the polynomials that jax (XLA) uses for float32.
 *
 * @see Giles, "Approximating the erfinv function", GPU Computing Gems, 2011.
 */
export function inverseErrorFunction(x: number): number {
  const w = -Math.log1p(-x * x);
  const central = w < 5;
  const t = central ? w - 2.5 : Math.sqrt(w) - 3;
  let sum = 0;
  for (const coefficient of central ? CENTRAL : TAIL) sum = sum * t + coefficient;
  return sum * x;
}
