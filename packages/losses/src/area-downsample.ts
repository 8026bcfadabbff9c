import { matMul, reshape, type Tensor2D, type Tensor4D, tensor2d, tidy } from "@tensorflow/tfjs-core";

/** [to, from]: row i holds the share that each source cell has in target cell i. */
function areaWeights(from: number, to: number): Tensor2D {
  const weights = new Float32Array(to * from);
  const scale = from / to;
  for (let target = 0; target < to; target++) {
    const start = target * scale;
    const end = (target + 1) * scale;
    for (let source = Math.floor(start); source < Math.min(from, Math.ceil(end - 1e-9)); source++) {
      const covered = Math.min(source + 1, end) - Math.max(source, start);
      weights[target * from + source] = covered / scale;
    }
  }
  return tensor2d(weights, [to, from]);
}

/**
 * Shrinks label maps by area averaging: each target cell is the mean of the source area it covers, so fractions of
 * classes survive. For factors of 2 it equals repeated 2 x 2 means.
 *
 * @param labels - [batch, height, width, class].
 * @returns [batch, targetHeight, targetWidth, class], owned by the caller.
 * @throws RangeError if a target side is not an integer from 1 to the source side.
 */
export function areaDownsample(labels: Tensor4D, targetHeight: number, targetWidth: number): Tensor4D {
  const [batch, height, width, classCount] = labels.shape;
  for (const [name, target, source] of [
    ["targetHeight", targetHeight, height],
    ["targetWidth", targetWidth, width],
  ] as const) {
    if (!Number.isInteger(target) || target < 1 || target > source) {
      throw new RangeError(`${name}: expected an integer in [1, ${source}], got ${target}`);
    }
  }
  return tidy(() => {
    // A product with [targets, sources] on the left of every block contracts an axis without a transposition.
    const rowWeights = reshape(areaWeights(height, targetHeight), [1, targetHeight, height]);
    const columnWeights = reshape(areaWeights(width, targetWidth), [1, targetWidth, width]);
    const rows = matMul(rowWeights, reshape(labels, [batch, height, width * classCount]));
    const columns = matMul(columnWeights, reshape(rows, [batch * targetHeight, width, classCount]));
    return reshape(columns, [batch, targetHeight, targetWidth, classCount]) as Tensor4D;
  });
}
