export {
  createResidualEncoder,
  type EncodedImages,
  type ResidualEncoder,
  type ResidualEncoderOptions,
} from "./residual-encoder.ts";
