import { constantInitializer, normalInitializer, type WeightInitializer } from "@divgen/layers";

/** How PacGAN's networks for points start: weights N(0, 0.02) (standard deviation), biases 0. */
export const pacGanInitializer: WeightInitializer = {
  weight: normalInitializer(0.02),
  bias: constantInitializer(0),
};
