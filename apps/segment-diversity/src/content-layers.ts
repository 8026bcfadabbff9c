/** Layers that CRN's content loss can be measured at, from shallow to deep, by extractor. "input" stands for the images. */
export const contentLayers = {
  vgg19: ["input", ...[2, 2, 4, 4, 4].flatMap((count, group) => convolutionsOf(group + 1, count))],
  squeezenet: ["input", "relu_conv1", "fire2/concat", "fire3/concat", "fire4/concat", "fire5/concat", "fire6/concat"],
  "tiny-efficientnet": ["input", "stem", "stage1", "stage2", "stage3", "stage4", "head"],
} as const satisfies Record<string, readonly string[]>;

export type ContentExtractorName = keyof typeof contentLayers;

/** VGG's names of the maps after the rectified convolutions of one group. */
function convolutionsOf(group: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `relu${group}_${index + 1}`);
}
