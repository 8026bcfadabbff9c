/**
 * A thousand training steps on an engine, with what they leave behind: the number of tensors and the memory of the process.
 *
 *     node tools/bench/long-training.mjs [--engine native] [--case points] [--steps 1000] [--threads 1]
 *
 * Cases are those of `cases.mjs`: `facades` is mode seeking at 64 x 64, `modeSeeking256` the same at the paper's size; and of
 * `layout-cases.mjs`: `segmentDiversity` and `refinement` are Pix2Pix and CRN with the diversity loss, at 64 x 64.
 * Prints a line for each tenth of the steps, and ends with 1 if the tensor count changed after the first tenth or memory
 * grew by more than 5% after the second (the first ones fill the allocators' pools). Not part of `npm test`.
 */
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { dispose, memory } from "@tensorflow/tfjs-core";
import { selectEngine } from "../../packages/backend-node/dist/index.js";
import { cases } from "./cases.mjs";
import { layoutCases } from "./layout-cases.mjs";

const { values: flags } = parseArgs({
  options: {
    engine: { type: "string", default: "native" },
    case: { type: "string", default: "points" },
    steps: { type: "string", default: "1000" },
    threads: { type: "string", default: "1" },
  },
});
// What V8 has not collected yet is no leak: each reading comes after a collection.
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

const engine = await selectEngine(flags.engine, { threads: Number(flags.threads) });
console.log(`${flags.case}, ${flags.steps} steps on ${engine.name}: ${engine.description}`);
const step = await { ...cases, ...layoutCases }[flags.case]();
const part = Math.max(1, Math.floor(Number(flags.steps) / 10));
const seen = [];
for (let done = 0; done < Number(flags.steps); done += part) {
  const start = performance.now();
  for (let count = 0; count < part; count++) {
    const losses = await step();
    for (const loss of losses) await loss.data();
    dispose(losses);
  }
  collect();
  const tensors = memory().numTensors;
  const megabytes = process.memoryUsage().rss / 1e6;
  seen.push({ tensors, megabytes });
  const time = (performance.now() - start) / part;
  console.log(`${done + part} steps: ${tensors} tensors, ${megabytes.toFixed(0)} MB, ${time.toFixed(1)} ms a step`);
}
const isConstant = seen.every(({ tensors }) => tensors === seen[0].tensors);
const growth = seen.at(-1).megabytes / (seen[1] ?? seen[0]).megabytes - 1;
console.log(`Tensor count ${isConstant ? "constant" : "CHANGED"}; memory grew by ${(100 * growth).toFixed(1)}%.`);
process.exit(isConstant && growth <= 0.05 ? 0 : 1);
