import {
  constantInitializer,
  normalInitializer,
  type WeightInitializer,
  xavierNormalInitializer,
} from "@divgen/layers";

/**
 * How BicycleGAN and MSGAN start their paired networks: Xavier normal with gain 0.02, standard deviation
 * 0.02 sqrt(2 / (fanIn + fanOut)), far smaller than usual; biases 0. Adam's first steps are as large as these weights,
 * so runs of a few thousand steps do better with `pix2pixInitializer`.
 */
export const releaseInitializer: WeightInitializer = {
  weight: xavierNormalInitializer(0.02),
  bias: constantInitializer(0),
};

/** How pix2pix and DCGAN start: N(0, 0.02), biases 0. */
export const pix2pixInitializer: WeightInitializer = {
  weight: normalInitializer(0.02),
  bias: constantInitializer(0),
};
