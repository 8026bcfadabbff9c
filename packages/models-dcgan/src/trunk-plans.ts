import type { TrunkPlan } from "./convolutional-trunk.ts";

/** 4 x (conv 4 x 4 stride 2, batch norm, leaky ReLU 0.2). */
export const SHALLOW: TrunkPlan = {
  convolutions: [1, 2, 4, 8].map((width) => ({ kernelSize: 4, stride: 2, width })),
  hasBatchNorm: true,
  leakySlope: 0.2,
};

/** SN-GAN's seven convolutions, leaky ReLU 0.1. */
export const DEEP: TrunkPlan = {
  convolutions: [
    { kernelSize: 3, stride: 1, width: 1 },
    { kernelSize: 4, stride: 2, width: 1 },
    { kernelSize: 3, stride: 1, width: 2 },
    { kernelSize: 4, stride: 2, width: 2 },
    { kernelSize: 3, stride: 1, width: 4 },
    { kernelSize: 4, stride: 2, width: 4 },
    { kernelSize: 3, stride: 1, width: 8 },
  ],
  hasBatchNorm: false,
  leakySlope: 0.1,
};
