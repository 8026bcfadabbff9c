import type { RadialPotential } from "./normal-potential.ts";

/**
 * Potential of the uniform distribution on a sphere of radius p at distance r of its center:
 *
 *   value = E sqrt(r^2 + p^2 - 2 r p cos(beta) + a^2) - a,   density of the angle beta ~ sin(beta)^(L - 2) on [0, pi]
 *
 * The angle is integrated by the trapezoidal rule in v, beta = pi / (1 + exp(v)), which resolves the near singularity at
 * beta = 0 for r = p on the scale of log(beta).
 *
 * @param distance - r >= 0.
 * @param dimension - L >= 1; for L = 1 the sphere is the two points -p and p.
 * @returns value and its derivative by r divided by r; relative error below 1e-12.
 */
export function spherePotential(
  distance: number,
  radius: number,
  dimension: number,
  smoothing: number,
): RadialPotential {
  const sums = { mass: 0, value: 0, slope: 0 };
  if (dimension === 1) addOppositeAngles(distance, radius, smoothing, 0, 1, sums);
  else {
    // The density has a width of about 1 / sqrt(L) around pi / 2.
    const step = Math.min(0.2, 0.7 / Math.sqrt(dimension));
    for (let node = 0; ; node++) {
      const share = 1 / (1 + Math.exp((node + 0.5) * step));
      const density = share * (1 - share) * Math.sin(Math.PI * share) ** (dimension - 2);
      addOppositeAngles(distance, radius, smoothing, Math.sin((Math.PI * share) / 2) ** 2, density, sums);
      if (density <= sums.mass * 1e-17) break;
    }
  }
  return { value: sums.value / sums.mass, slope: sums.slope / sums.mass };
}

/** Adds the angles beta and pi - beta, given by sin(beta / 2)^2 of the smaller one. */
function addOppositeAngles(
  distance: number,
  radius: number,
  smoothing: number,
  squaredSine: number,
  density: number,
  sums: { mass: number; value: number; slope: number },
): void {
  const apart = distance - radius;
  const product = 4 * distance * radius;
  const nearSquared = apart * apart + product * squaredSine;
  const farSquared = apart * apart + product * (1 - squaredSine);
  const near = Math.sqrt(nearSquared + smoothing * smoothing);
  const far = Math.sqrt(farSquared + smoothing * smoothing);
  const nearValue = near === 0 ? 0 : nearSquared / (near + smoothing);
  sums.mass += 2 * density;
  sums.value += density * (nearValue + farSquared / (far + smoothing));
  const cosine = 1 - 2 * squaredSine;
  if (distance < 0.1 * radius) {
    // The parts of order 1 / r cancel between the two angles.
    const across = 2 * radius * cosine;
    sums.slope += density * (1 / near + 1 / far - (across * across) / ((near + far) * near * far));
  } else {
    const nearSlope = near === 0 ? 0 : (apart + 2 * radius * squaredSine) / near;
    sums.slope += (density * (nearSlope + (distance + radius * cosine) / far)) / distance;
  }
}
