/**
 * Operations whose gradient can itself be differentiated, as gradient penalties (R1, WGAN-GP) need.
 *
 * tfjs throws for the second derivative of leakyRelu (see leaky-relu.ts), pooling and resizing, and is
 * silently wrong for tanh, sigmoid, exp and swish when another path joins them: their gradients are written with the
 * saved output, whose tape entry is lost. Here such gradients save the input and compute the output again.
 */
import {
  concat,
  customGrad,
  exp,
  type GradSaveFunc,
  mean,
  mul,
  reshape,
  scalar,
  sigmoid,
  sub,
  type Tensor,
  type Tensor4D,
  tanh,
  tidy,
} from "@tensorflow/tfjs-core";
import { ShapeError } from "./shape-error.ts";

/** An elementwise function given with its derivative, both as differentiable expressions of the input. */
function elementwise(forward: (x: Tensor) => Tensor, derivative: (x: Tensor) => Tensor) {
  return customGrad((input: Tensor | GradSaveFunc, save: Tensor | GradSaveFunc) => {
    const x = input as Tensor;
    (save as GradSaveFunc)([x]);
    return {
      value: forward(x),
      gradFunc: (dy: Tensor, saved: Tensor[]) => mul(dy, derivative(saved[0]!)),
    };
  });
}

// The derivatives call the wrapped functions themselves, so that every further derivative is right too.
const wrappedExponential: (x: Tensor) => Tensor = elementwise(exp, (x) => wrappedExponential(x));
const wrappedSigmoid: (x: Tensor) => Tensor = elementwise(sigmoid, (x) => {
  const y = wrappedSigmoid(x);
  return mul(y, sub(scalar(1), y));
});
const wrappedTanh: (x: Tensor) => Tensor = elementwise(tanh, (x) => {
  const y = wrappedTanh(x);
  return sub(scalar(1), mul(y, y));
});

/** e^x. */
export function exponential<T extends Tensor>(x: T): T {
  return tidy(() => wrappedExponential(x) as T);
}

/** 1 / (1 + e^-x). */
export function logistic<T extends Tensor>(x: T): T {
  return tidy(() => wrappedSigmoid(x) as T);
}

/** tanh(x), in (-1, 1). */
export function hyperbolicTangent<T extends Tensor>(x: T): T {
  return tidy(() => wrappedTanh(x) as T);
}

/** x / (1 + e^-x), also named SiLU. */
export function swish<T extends Tensor>(x: T): T {
  return tidy(() => mul(x, wrappedSigmoid(x)) as T);
}

/**
 * Mean of each 2 x 2 block.
 *
 * @param images - [batch, height, width, channels], height and width even.
 * @returns [batch, height / 2, width / 2, channels].
 * @throws ShapeError if height or width is odd.
 */
export function averagePool2x(images: Tensor4D): Tensor4D {
  const [batch, height, width, channels] = images.shape;
  if (height % 2 !== 0 || width % 2 !== 0) {
    throw new ShapeError(`images: expected even height and width, got [${images.shape.join(", ")}]`);
  }
  return tidy(() => {
    // Two means over one axis each: rank 5 keeps to axes that every engine reduces quickly.
    const rows = mean(reshape(images, [batch, height / 2, 2, width * channels]), 2);
    const columns = mean(reshape(rows, [batch, height / 2, width / 2, 2, channels]), 3);
    return reshape(columns, [batch, height / 2, width / 2, channels]) as Tensor4D;
  });
}

/**
 * Each pixel repeated as a 2 x 2 block (nearest-neighbour enlargement).
 *
 * @param images - [batch, height, width, channels].
 * @returns [batch, 2 * height, 2 * width, channels].
 */
export function upsampleNearest2x(images: Tensor4D): Tensor4D {
  const [batch, height, width, channels] = images.shape;
  return tidy(() => {
    const wide = reshape(concat([images, images], 3), [batch, height, 2 * width * channels]);
    return reshape(concat([wide, wide], 2), [batch, 2 * height, 2 * width, channels]) as Tensor4D;
  });
}
