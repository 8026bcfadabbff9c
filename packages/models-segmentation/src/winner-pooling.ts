import { ShapeError, upsampleNearest2x } from "@divgen/core-tensors";
import {
  addN,
  cast,
  concat,
  customGrad,
  type GradSaveFunc,
  greaterEqual,
  logicalAnd,
  logicalNot,
  maximum,
  mul,
  reshape,
  slice,
  type Tensor,
  type Tensor4D,
  tidy,
} from "@tensorflow/tfjs-core";

/** Greatest values of 2 x 2 windows, and where they were. */
export interface PooledWinners {
  /** [batch, height / 2, width / 2, channels]. */
  readonly pooled: Tensor4D;
  /** One at each window's winner, zero elsewhere, [batch, height, width, channels]: what SegNet's indices say. */
  readonly winners: Tensor4D;
}

/**
 * Max pooling, 2 x 2 with stride 2, that remembers the winners; of equal values the first, row by row, wins, as in
 * PyTorch. The gradient of a window goes to its winner alone. `winners` is a constant.
 *
 * @returns owned by the caller.
 * @throws ShapeError for an odd height or width.
 */
export function maxPoolWithWinners(images: Tensor4D): PooledWinners {
  const [, height, width] = images.shape;
  if (height % 2 !== 0 || width % 2 !== 0) {
    throw new ShapeError(`images: expected an even height and width to pool, got ${height} x ${width}`);
  }
  return tidy(() => {
    const winners = winnersOf(images);
    const pick = customGrad((input: Tensor | GradSaveFunc, save: Tensor | GradSaveFunc) => {
      (save as GradSaveFunc)([winners]);
      return {
        value: sumOfWindows(mul(input as Tensor, winners)),
        gradFunc: (dy: Tensor, saved: Tensor[]) => mul(upsampleNearest2x(dy as Tensor4D), saved[0]!),
      };
    });
    return { pooled: pick(images) as Tensor4D, winners };
  });
}

/**
 * The inverse of `maxPoolWithWinners`: each value at its winner's place, zeros elsewhere.
 *
 * @param values - [batch, height, width, channels].
 * @param winners - [batch, 2 height, 2 width, channels], a constant.
 * @returns [batch, 2 height, 2 width, channels], owned by the caller.
 */
export function unpoolToWinners(values: Tensor4D, winners: Tensor4D): Tensor4D {
  const [batch, height, width, channels] = values.shape;
  if (winners.shape.join() !== [batch, 2 * height, 2 * width, channels].join()) {
    throw new ShapeError(
      `winners: expected [${batch}, ${2 * height}, ${2 * width}, ${channels}], got [${winners.shape.join(", ")}]`,
    );
  }
  return tidy(() => {
    const place = customGrad((input: Tensor | GradSaveFunc, save: Tensor | GradSaveFunc) => {
      (save as GradSaveFunc)([winners]);
      return {
        value: mul(upsampleNearest2x(input as Tensor4D), winners),
        gradFunc: (dy: Tensor, saved: Tensor[]) => sumOfWindows(mul(dy, saved[0]!)),
      };
    });
    return place(values) as Tensor4D;
  });
}

function sumOfWindows(images: Tensor): Tensor4D {
  const [batch, height, width, channels] = (images as Tensor4D).shape;
  return reshape(addN(tapsOf(images as Tensor4D)), [batch, height / 2, width / 2, channels]);
}

function winnersOf(images: Tensor4D): Tensor4D {
  const [batch, height, width, channels] = images.shape;
  const taps = tapsOf(images);
  const greatest = taps.reduce((first, second) => maximum(first, second));
  const masks: Tensor[] = [];
  let open: Tensor | undefined;
  for (const tap of taps) {
    const wins = greaterEqual(tap, greatest);
    masks.push(cast(open === undefined ? wins : logicalAnd(open, wins), "float32"));
    open = open === undefined ? logicalNot(wins) : logicalAnd(open, logicalNot(wins));
  }
  const [upperLeft, upperRight, lowerLeft, lowerRight] = masks as [Tensor4D, Tensor4D, Tensor4D, Tensor4D];
  const rows = concat([concat([upperLeft, upperRight], 3), concat([lowerLeft, lowerRight], 3)], 1);
  return reshape(rows, [batch, height, width, channels]);
}

/** The four pixels of each window, row by row: [batch * height / 2, 1, width / 2, channels] each. */
function tapsOf(images: Tensor4D): Tensor4D[] {
  const [batch, height, width, channels] = images.shape;
  const rows: Tensor4D = reshape(images, [(batch * height) / 2, 2, width / 2, 2 * channels]);
  const size: [number, number, number, number] = [(batch * height) / 2, 1, width / 2, channels];
  return [0, 1].flatMap((row) => [0, 1].map((column) => slice(rows, [0, row, 0, column * channels], size)));
}
