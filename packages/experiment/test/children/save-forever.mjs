// Saves one checkpoint after another until it is killed, and says so after each. Every value of a checkpoint is its step.
import "@tensorflow/tfjs-backend-cpu";
import { enableProdMode, fill, setBackend, tidy, variable, zeros } from "@tensorflow/tfjs-core";
import { openRunDirectory, saveCheckpoint } from "../../dist/index.js";

enableProdMode();
await setBackend("cpu");
const run = openRunDirectory(process.argv[2]);
const weight = variable(zeros([400, 500]));
const network = { parameters: new Map([["weight", weight]]), buffers: new Map(), dispose: () => weight.dispose() };
const state = { networks: { first: network, second: network }, optimizers: {}, extras: {} };
for (let step = Number(process.argv[3]); ; step++) {
  tidy(() => weight.assign(fill([400, 500], step)));
  run.recordEvent({ kind: "finished", step });
  await saveCheckpoint(run, step, state, { keepLast: 2 });
  process.stdout.write(`${step}\n`);
}
