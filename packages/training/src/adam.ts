import { type AdamKernelAttributes, fusedKernels, hasFusedKernel, runFusedKernel } from "@divgen/core-tensors";
import {
  add,
  div,
  mul,
  sqrt,
  square,
  sub,
  type Tensor,
  tensor,
  tidy,
  type Variable,
  variable,
  zerosLike,
} from "@tensorflow/tfjs-core";
import type { Optimizer, SavedSlot } from "./optimizer.ts";

/** Hyper-parameters of Adam. Those that papers choose have no default. */
export interface AdamOptions {
  readonly learningRate: number;
  /** beta1; GANs use 0.5 (pix2pix, DCGAN) or 0. */
  readonly firstMomentDecay: number;
  /** beta2. */
  readonly secondMomentDecay: number;
  /** Added to the root of the second moment. @defaultValue 1e-8, as in PyTorch (tfjs has 1e-7) */
  readonly epsilon?: number;
  /** L2 penalty whose gradient, weightDecay * parameter, joins the gradient before the moments. @defaultValue 0 */
  readonly weightDecay?: number;
}

const FIRST = "first-moment";
const SECOND = "second-moment";

/**
 * Adam, exactly as `torch.optim.Adam`:
 *
 *   m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g^2,
 *   p = p - lr / (1 - b1^t) * m / (sqrt(v) / sqrt(1 - b2^t) + epsilon)
 *
 * @returns an optimizer owned by the caller.
 * @throws RangeError for hyper-parameters out of range.
 * @see Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015.
 */
export function createAdam({
  learningRate,
  firstMomentDecay,
  secondMomentDecay,
  epsilon = 1e-8,
  weightDecay = 0,
}: AdamOptions): Optimizer {
  assertDecay(firstMomentDecay, "firstMomentDecay");
  assertDecay(secondMomentDecay, "secondMomentDecay");
  if (!(learningRate >= 0)) throw new RangeError(`learningRate: expected a number >= 0, got ${learningRate}`);
  if (!(epsilon > 0)) throw new RangeError(`epsilon: expected a positive number, got ${epsilon}`);

  const slots = new Map<string, Variable>();
  let updates = 0;
  let rate = learningRate;

  const slotFor = (parameter: string, slot: string, like: Tensor): Variable => {
    const name = `${parameter}/${slot}`;
    const existing = slots.get(name);
    if (existing !== undefined) return existing;
    const created = tidy(() => variable(zerosLike(like), false));
    slots.set(name, created);
    return created;
  };

  return {
    get updates() {
      return updates;
    },
    get learningRate() {
      return rate;
    },
    set learningRate(value: number) {
      rate = value;
    },
    slots,
    applyGradients: (parameters, gradients) => {
      updates++;
      const batch: AdamKernelBatch = { parameters: [], gradients: [], firstMoments: [], secondMoments: [] };
      for (const [name, gradient] of gradients) {
        const parameter = parameters.get(name);
        if (parameter === undefined) throw new RangeError(`gradients: expected names of parameters, got "${name}"`);
        batch.parameters.push(parameter);
        batch.gradients.push(gradient);
        batch.firstMoments.push(slotFor(name, FIRST, parameter));
        batch.secondMoments.push(slotFor(name, SECOND, parameter));
      }
      tidy(() => {
        const decayed =
          weightDecay === 0
            ? batch.gradients
            : batch.gradients.map((gradient, index) => add(gradient, mul(weightDecay, batch.parameters[index]!)));
        const update: AdamKernelAttributes = {
          ...batch,
          gradients: decayed,
          learningRate: rate,
          firstMomentDecay,
          secondMomentDecay,
          epsilon,
          updates,
        };
        if (hasFusedKernel(fusedKernels.adam)) runFusedKernel(fusedKernels.adam, {}, update);
        else updatePlainly(update);
      });
    },
    restore: (savedUpdates, savedSlots) => {
      updates = savedUpdates;
      for (const [name, saved] of savedSlots) putSlot(slots, name, saved);
    },
    dispose: () => {
      for (const slot of slots.values()) slot.dispose();
      slots.clear();
    },
  };
}

/** The lists of one update while they are gathered. */
type AdamKernelBatch = {
  -readonly [List in "parameters" | "gradients" | "firstMoments" | "secondMoments"]: Array<
    AdamKernelAttributes[List][number]
  >;
};

/** What the fused kernel does, by tfjs operations. */
function updatePlainly(update: AdamKernelAttributes): void {
  const { firstMomentDecay, secondMomentDecay, epsilon, updates } = update;
  const stepSize = update.learningRate / (1 - firstMomentDecay ** updates);
  const secondCorrection = Math.sqrt(1 - secondMomentDecay ** updates);
  for (const [index, parameter] of update.parameters.entries()) {
    const gradient = update.gradients[index]!;
    const first = update.firstMoments[index]!;
    const second = update.secondMoments[index]!;
    tidy(() => {
      const m = add(mul(firstMomentDecay, first), mul(1 - firstMomentDecay, gradient));
      const v = add(mul(secondMomentDecay, second), mul(1 - secondMomentDecay, square(gradient)));
      const denominator = add(div(sqrt(v), secondCorrection), epsilon);
      first.assign(m);
      second.assign(v);
      parameter.assign(sub(parameter, mul(stepSize, div(m, denominator))));
    });
  }
}

function putSlot(slots: Map<string, Variable>, name: string, { shape, values }: SavedSlot): void {
  tidy(() => {
    const restored = tensor(values, [...shape], "float32");
    const existing = slots.get(name);
    if (existing === undefined) slots.set(name, variable(restored, false));
    else existing.assign(restored);
  });
}

function assertDecay(value: number, name: string): void {
  if (!(value >= 0 && value < 1)) throw new RangeError(`${name}: expected a number in [0, 1), got ${value}`);
}
