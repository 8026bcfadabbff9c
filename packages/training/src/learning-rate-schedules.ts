/** Factor of the base learning rate in an epoch, counted from 0. */
export type LearningRateSchedule = (epoch: number) => number;

/** The base learning rate throughout. */
export const constantSchedule: LearningRateSchedule = () => 1;

/** Epochs of a schedule that is constant first and then decays. */
export interface LinearDecayOptions {
  /** Epochs at the full rate. */
  readonly constantEpochs: number;
  /** Epochs over which the rate falls linearly; it would reach 0 one epoch after the last. */
  readonly decayEpochs: number;
}

/**
 * Constant, then linear to (almost) zero:
 *
 *   factor(epoch) = 1 - max(0, epoch - constantEpochs) / (decayEpochs + 1), not below 0
 *
 * with epochs from 0, as MSGAN's release has it (factor 1 up to its 201st epoch for 200 + 200).
 *
 * @throws RangeError for negative numbers of epochs.
 */
export function linearDecaySchedule({ constantEpochs, decayEpochs }: LinearDecayOptions): LearningRateSchedule {
  if (!(constantEpochs >= 0 && decayEpochs >= 0)) {
    throw new RangeError(
      `linear decay: expected epochs >= 0, got ${constantEpochs} constant and ${decayEpochs} decaying`,
    );
  }
  return (epoch) => Math.max(0, 1 - Math.max(0, epoch - constantEpochs) / (decayEpochs + 1));
}

/**
 * The one-cycle factor of a step: up linearly over the first quarter of the steps, down to 0 by half a cosine.
 *
 * @param step - from 0 to steps - 1.
 * @see Smith, "Super-convergence", 2018; the cosine form is PyTorch's `OneCycleLR`.
 */
export function oneCycleFactor(step: number, steps: number): number {
  const rise = 0.25 * steps;
  return step < rise ? (step + 1) / rise : 0.5 * (1 + Math.cos((Math.PI * (step - rise)) / (steps - rise)));
}
