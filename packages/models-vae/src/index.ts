export {
  createConvolutionalVae,
  type LatentGaussian,
  type VaeOptions,
  type VaeVariant,
  type VariationalAutoencoder,
} from "./convolutional-vae.ts";
export { decodeImages } from "./decode-images.ts";
export { reparameterize } from "./reparameterize.ts";
