/**
 * Times training steps of divgen: `node divgen_steps.mjs ENGINE CASE`. Waits for lines "N" on standard input, runs N steps,
 * and answers with a line of JSON: seconds and processor seconds of each step. "quit" ends it with the peak memory.
 */
import { createInterface } from "node:readline";
import { dispose, memory } from "@tensorflow/tfjs-core";
import { selectEngine } from "../../packages/backend-node/dist/index.js";
import { cases } from "./cases.mjs";

const [engineName, caseName] = process.argv.slice(2);
const engine = await selectEngine(engineName, { threads: Number(process.env.BENCH_THREADS ?? 2) });
const step = cases[caseName]();

/** One step with its losses read back, in seconds by the clock and of the processors. */
async function timeStep() {
  const start = process.hrtime.bigint();
  const used = process.cpuUsage();
  const losses = step();
  const values = await Promise.all(losses.map((loss) => loss.data()));
  dispose(losses);
  const { user, system } = process.cpuUsage(used);
  if (!values.every(([value]) => Number.isFinite(value))) throw new Error("a loss is not finite");
  return { seconds: Number(process.hrtime.bigint() - start) / 1e9, processor: (user + system) / 1e6 };
}

const answer = (object) => process.stdout.write(`${JSON.stringify(object)}\n`);
answer({ ready: engine.description });
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "quit") break;
  const steps = [];
  for (let count = Number(line); count > 0; count--) steps.push(await timeStep());
  answer({ steps, tensors: memory().numTensors });
}
answer({ peakBytes: process.resourceUsage().maxRSS * 1024 });
process.exit(0);
