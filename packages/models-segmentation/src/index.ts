export { createPspNet, type PspNetOptions, paperPspNet, smallPspNet } from "./psp-net.ts";
export { createSegNet, paperSegNet, type SegNetOptions, smallSegNet } from "./seg-net.ts";
export type { Segmentation, SegmentationNetwork } from "./segmentation-network.ts";
export { maxPoolWithWinners, unpoolToWinners } from "./winner-pooling.ts";
