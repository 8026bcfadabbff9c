import { constantInitializer, type WeightInitializer, xavierNormalInitializer } from "@divgen/layers";

/**
 * How BicycleGAN and MSGAN start their paired networks: Xavier normal with gain 0.02, standard deviation
 * 0.02 sqrt(2 / (fanIn + fanOut)), far smaller than usual; biases 0.
 */
export const releaseInitializer: WeightInitializer = {
  weight: xavierNormalInitializer(0.02),
  bias: constantInitializer(0),
};
