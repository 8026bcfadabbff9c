import { InstallError } from "./install-error.ts";
import { runCommand } from "./run-command.ts";

/** What a freshly compiled binding says about itself. */
export interface BindingFacts {
  /** Version of TensorFlow, e.g. "2.21.0". */
  readonly tensorflow: string;
  readonly gpu: boolean;
}

/**
 * Run in a process of its own: a library that the processor cannot run ends the process, not the installer.
 * The product [[1, 2], [3, 4]] [[5, 6], [7, 8]] is [[19, 22], [43, 50]], by TensorFlow and by OpenBLAS; divgen's kernels, if
 * there are any, add a row to it and take it away again.
 */
const checkScript = `
const binding = require(process.argv[1]);
const input = (values) => binding.createTensor([2, 2], binding.TF_FLOAT, new Float32Array(values));
const attributes = [
  { name: "transpose_a", type: binding.TF_ATTR_BOOL, value: false },
  { name: "transpose_b", type: binding.TF_ATTR_BOOL, value: false },
  { name: "T", type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
];
const [a, b] = [input([1, 2, 3, 4]), input([5, 6, 7, 8])];
const [product] = binding.executeOp("MatMul", attributes, [a, b], 1);
const kernels = binding.divgenKernels;
if (kernels && kernels.product) {
  const values = [product.id, kernels.product(a, b, 0, 0)].map((id) => Array.from(binding.tensorDataSync(id)));
  if (values[0].join() !== values[1].join()) throw new Error("OpenBLAS multiplies wrong: " + values[1].join());
}
const row = kernels && kernels.sumRows(product.id, 2);
const result = kernels ? kernels.binary(1, kernels.binary(0, product.id, row, 0), row, 0) : product.id;
const values = Array.from(binding.tensorDataSync(result));
process.stdout.write(JSON.stringify({ tensorflow: binding.TF_Version, gpu: binding.isUsingGpuDevice(), values }));
`;

/**
 * Loads a binding and multiplies two matrices, in another process.
 *
 * @throws InstallError with what the loader said, or the signal that ended the process.
 */
export async function checkBinding(
  path: string,
  environment: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<BindingFacts> {
  const timeLimitSeconds = 120;
  const result = await runCommand(process.execPath, ["-e", checkScript, path], {
    timeLimitSeconds,
    environment: { TF_CPP_MIN_LOG_LEVEL: "2", ...environment },
    signal,
  });
  if (result.outcome === "timed out") {
    throw new InstallError(`The compiled engine did not answer within ${timeLimitSeconds} seconds.`);
  }
  if (result.exit === "SIGILL") {
    throw new InstallError("This processor lacks instructions that TensorFlow's library needs (AVX).", {
      remedy: "Use the wasm engine: --engine wasm.",
    });
  }
  if (result.outcome !== "succeeded") {
    const reason = result.errors.split("\n").find((line) => line.includes("Error")) ?? result.exit;
    throw new InstallError(`The compiled engine does not load: ${reason.trim()}`);
  }
  const { tensorflow, gpu, values } = JSON.parse(result.output) as BindingFacts & { values: number[] };
  if (values.join() !== "19,22,43,50") {
    throw new InstallError(`The compiled engine computes wrong: expected 19,22,43,50, got ${values}.`);
  }
  return { tensorflow, gpu };
}
