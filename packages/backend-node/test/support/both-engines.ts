import "@tensorflow/tfjs-backend-cpu";
import { setBackend, type Tensor, tensor, tidy } from "@tensorflow/tfjs-core";

/** Values with their shape, free of any engine. */
export interface Values {
  readonly shape: number[];
  readonly values: Float32Array;
}

/** Deterministic values in (-1, 1), no two alike. */
export function wave(shape: number[], phase: number): Values {
  const size = shape.reduce((product, length) => product * length, 1);
  return {
    shape,
    values: Float32Array.from({ length: size }, (_, index) => Math.sin(index * 1.7 + phase * 2.3 + 0.4)),
  };
}

/** Deterministic values in (-1, 1) without a pattern, whose sums do not cancel more than those of random ones. */
export function noise(shape: number[], phase: number): Values {
  const size = shape.reduce((product, length) => product * length, 1);
  const values = Float32Array.from({ length: size }, (_, index) => {
    const wide = Math.sin((index + 1) * 12.9898 + phase * 78.233) * 43758.5453;
    return 2 * (wide - Math.floor(wide)) - 1;
  });
  return { shape, values };
}

/** Computes on an engine and brings the results back, with the native engine current afterwards. */
export function computeOn(
  backend: "cpu" | "tensorflow",
  inputs: readonly Values[],
  compute: (...x: Tensor[]) => Tensor[],
) {
  setBackend(backend);
  try {
    const results: Values[] = [];
    tidy(() => {
      const outputs = compute(...inputs.map(({ values, shape }) => tensor(values, shape)));
      for (const output of outputs) results.push({ shape: output.shape, values: output.dataSync() as Float32Array });
    });
    return results;
  } finally {
    setBackend("tensorflow");
  }
}
