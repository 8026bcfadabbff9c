/**
 * Times convolutions and their gradients by onnxruntime-node beside the native and the wasm engine, one thread each:
 *
 *     npm install --ignore-scripts --prefix /tmp/onnxruntime onnxruntime-node
 *     node tools/bench/onnxruntime.mjs --onnxruntime /tmp/onnxruntime [--rounds 7]
 *
 * onnxruntime-node is no dependency of the workspace; the folder that holds it is named. Tensors are in tfjs's layout
 * (batch, height, width, channels), so that its graphs transpose as an engine on it would have to. Processor milliseconds
 * of a call, the least of interleaved rounds: what else a shared machine does counts little. Build first: pnpm run build.
 */
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { engine, setBackend, tensor } from "@tensorflow/tfjs-core";

const { values: flags } = parseArgs({
  options: { onnxruntime: { type: "string" }, rounds: { type: "string", default: "7" } },
});
if (flags.onnxruntime === undefined) throw new Error("name the folder with onnxruntime-node: --onnxruntime FOLDER");
Object.assign(process.env, { TF_NUM_INTRAOP_THREADS: "1", OMP_NUM_THREADS: "1", DIVGEN_WASM_THREADS: "1" });
const { selectEngine } = await import("../../packages/backend-node/dist/index.js");
const onnxruntime = createRequire(resolve(flags.onnxruntime, "package.json"))("onnxruntime-node");

/** Square images and kernels; "same" padding is equal on all sides in all of them. */
const shapes = [
  {
    title: "DCGAN 32 x 32: 64 x 16 x 16 x 64 to 128, 4 x 4 / 2",
    batch: 64,
    size: 16,
    from: 64,
    to: 128,
    kernel: 4,
    stride: 2,
  },
  {
    title: "U-Net 256: 1 x 128 x 128 x 64 to 128, 4 x 4 / 2",
    batch: 1,
    size: 128,
    from: 64,
    to: 128,
    kernel: 4,
    stride: 2,
  },
  {
    title: "U-Net 256: 1 x 16 x 16 x 512 to 512, 4 x 4 / 2",
    batch: 1,
    size: 16,
    from: 512,
    to: 512,
    kernel: 4,
    stride: 2,
  },
  {
    title: "facades demo: 4 x 64 x 64 x 16 to 32, 4 x 4 / 2",
    batch: 4,
    size: 64,
    from: 16,
    to: 32,
    kernel: 4,
    stride: 2,
  },
  { title: "features: 8 x 35 x 35 x 64 to 96, 3 x 3", batch: 8, size: 35, from: 64, to: 96, kernel: 3, stride: 1 },
];

// Protocol buffers, as far as a model of a few nodes needs them.
const varint = (value) => (value < 128 ? [value] : [(value & 127) | 128, ...varint(Math.floor(value / 128))]);
const number = (field, value) => [...varint(field * 8), ...varint(value)];
const bytes = (field, content) => [...varint(field * 8 + 2), ...varint(content.length), ...content];
const text = (field, value) => bytes(field, [...Buffer.from(value)]);
const integers = (name, values) =>
  bytes(5, [...text(1, name), ...values.flatMap((value) => number(8, value)), ...number(20, 7)]);
const node = (type, inputs, output, attributes) =>
  bytes(1, [
    ...inputs.flatMap((input) => text(1, input)),
    ...text(2, output),
    ...text(4, type),
    ...Object.entries(attributes).flatMap(([name, values]) => integers(name, values)),
  ]);
const value = (field, name, rank) => {
  const shape = Array.from({ length: rank }, (_, axis) => bytes(1, text(2, `${name}${axis}`))).flat();
  return bytes(field, [...text(1, name), ...bytes(2, bytes(1, [...number(1, 1), ...bytes(2, shape)]))]);
};
/**
 * A model of one operation on two inputs, a and b, with output y. With permutations all three are transposed, as tensors of
 * tfjs must be; without, they have onnxruntime's own layout.
 */
function model(type, permutations, attributes) {
  const [a, b, y] = (permutations ?? []).map((perm) => ({ perm }));
  const nodes =
    permutations === undefined
      ? node(type, ["a", "b"], "y", attributes)
      : [
          ...node("Transpose", ["a"], "at", a),
          ...node("Transpose", ["b"], "bt", b),
          ...node(type, ["at", "bt"], "yt", attributes),
          ...node("Transpose", ["yt"], "y", y),
        ];
  const graph = [...nodes, ...text(2, type), ...[value(11, "a", 4), value(11, "b", 4), value(12, "y", 4)].flat()];
  return Uint8Array.from([...number(1, 8), ...bytes(7, graph), ...bytes(8, number(2, 17))]);
}

const toImages = [0, 3, 1, 2];
const toFilters = [3, 2, 0, 1];
const fromImages = [0, 2, 3, 1];
const byChannel = [3, 0, 1, 2];
const fromGradient = [2, 3, 0, 1];
/** Operations by tfjs kernel, with inputs in order, and by onnxruntime's name. A filter's gradient convolves over the batch. */
const operations = ({ batch, size, from, to, kernel, stride }) => {
  const side = stride === 2 ? 1 : (kernel - 1) / 2;
  const pads = [side, side, side, side];
  const strides = [stride, stride];
  const common = { strides, pad: "same", dataFormat: "NHWC", dilations: 1, dimRoundingMode: undefined };
  const x = [batch, size, size, from];
  const filter = [kernel, kernel, from, to];
  const dy = [batch, size / stride, size / stride, to];
  return [
    {
      ...{ name: "forward", kernel: "Conv2D", names: ["x", "filter"], shapes: [x, filter], attributes: common },
      onnx: ["Conv", [toImages, toFilters, fromImages], { strides, pads }],
    },
    {
      ...{ name: "input gradient", kernel: "Conv2DBackpropInput", names: ["dy", "filter"], shapes: [dy, filter] },
      attributes: { ...common, inputShape: x },
      onnx: ["ConvTranspose", [toImages, toFilters, fromImages], { strides, pads }],
    },
    {
      ...{ name: "filter gradient", kernel: "Conv2DBackpropFilter", names: ["x", "dy"], shapes: [x, dy] },
      attributes: { ...common, filterShape: filter },
      onnx: ["Conv", [byChannel, byChannel, fromGradient], { dilations: strides, pads }],
    },
  ];
};

const random = (shape, seed) =>
  Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, index) => Math.sin(index * 12.9898 + seed) / 4);

for (const name of ["native", "wasm"]) await selectEngine(name);
async function onEngine(name, { kernel, names, shapes, attributes }, arrays) {
  await setBackend(name);
  const inputs = Object.fromEntries(names.map((input, index) => [input, tensor(arrays[index], shapes[index])]));
  return {
    prepare: () => setBackend(name),
    call: () => {
      const result = engine().runKernel(kernel, inputs, attributes);
      const values = result.dataSync();
      result.dispose();
      return values;
    },
  };
}
/** @param isTransposing - whether the model takes and gives tfjs's layout; otherwise the time is of the operation alone. */
async function onOnnxruntime({ onnx: [type, permutations, attributes], shapes }, arrays, isTransposing) {
  const options = { executionProviders: ["cpu"], intraOpNumThreads: 1, interOpNumThreads: 1 };
  const ofModel = model(type, isTransposing ? permutations : undefined, attributes);
  const session = await onnxruntime.InferenceSession.create(ofModel, options);
  const [a, b] = shapes.map((shape, index) => {
    const dimensions = isTransposing ? shape : permutations[index].map((axis) => shape[axis]);
    return new onnxruntime.Tensor("float32", arrays[index], dimensions);
  });
  return { prepare: () => undefined, call: async () => (await session.run({ a, b })).y.data };
}

/** Processor milliseconds of one call, over calls of at least 50 ms. */
async function turn({ prepare, call }) {
  await prepare();
  const start = process.cpuUsage();
  for (let calls = 1; ; calls++) {
    await call();
    const { user, system } = process.cpuUsage(start);
    if (user + system > 50_000) return (user + system) / 1000 / calls;
  }
}

console.log("| convolution | operation | native | wasm | onnxruntime | of native | of wasm | without transposing |");
console.log("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |");
for (const shape of shapes) {
  for (const operation of operations(shape)) {
    const arrays = operation.shapes.map((of, index) => random(of, index));
    const contenders = [
      await onEngine("tensorflow", operation, arrays),
      await onEngine("wasm", operation, arrays),
      await onOnnxruntime(operation, arrays, true),
      await onOnnxruntime(operation, arrays, false),
    ];
    const least = contenders.map(() => Number.POSITIVE_INFINITY);
    let expected;
    // Without transposing the numbers are others.
    for (const { prepare, call } of contenders.slice(0, 3)) {
      await prepare();
      const values = Float32Array.from(await call());
      expected ??= values;
      const largest = expected.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
      const error = expected.reduce((most, one, index) => Math.max(most, Math.abs(one - values[index])), 0);
      if (!(error < 1e-4 * largest)) throw new Error(`${shape.title}, ${operation.name}: differs by ${error}`);
    }
    for (let round = 0; round < Number(flags.rounds); round++) {
      for (const [index, contender] of contenders.entries())
        least[index] = Math.min(least[index], await turn(contender));
    }
    const [native, wasm, onnx, alone] = least;
    const times = [native, wasm, onnx].map((milliseconds) => milliseconds.toPrecision(3));
    const ratios = [onnx / native, onnx / wasm].map((ratio) => ratio.toFixed(2));
    console.log(`| ${[shape.title, operation.name, ...times, ...ratios, alone.toPrecision(3)].join(" | ")} |`);
  }
}
process.exit(0);
