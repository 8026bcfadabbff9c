import { DivergedError, type TrainingState } from "@divgen/training";
import { mul, stack, sum, tidy, type Variable } from "@tensorflow/tfjs-core";

/**
 * Looks at every parameter, buffer and optimizer slot: a step that its losses do not show yet may have broken them.
 *
 * @throws DivergedError naming the first that holds NaN or an infinity.
 */
export async function assertFiniteState(step: number, { networks, optimizers }: TrainingState): Promise<void> {
  const named: (readonly [string, Variable])[] = [];
  for (const [network, { parameters, buffers }] of Object.entries(networks)) {
    for (const [name, variable] of [...parameters, ...buffers]) named.push([`${network}/${name}`, variable]);
  }
  for (const [optimizer, { slots }] of Object.entries(optimizers)) {
    for (const [name, variable] of slots) named.push([`${optimizer} optimizer/${name}`, variable]);
  }
  if (named.length === 0) return;
  // Zero times a number is zero, but for those that are none: one number a variable leaves the engine.
  const sums = tidy(() => stack(named.map(([, variable]) => sum(mul(variable, 0)))));
  const values = await sums.data();
  sums.dispose();
  const broken = named.find((_, index) => !Number.isFinite(values[index]));
  if (broken === undefined) return;
  const [name, variable] = broken;
  const value = (await variable.data()).find((entry) => !Number.isFinite(entry));
  throw new DivergedError(step, name, value ?? Number.NaN, "parameter");
}
