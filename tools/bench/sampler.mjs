/**
 * Times measure compression beside algorithm A1 in PyTorch, one thread each, in one run, and prints a table:
 *
 *     node tools/bench/sampler.mjs [--python $PYTHON] [--rounds 5]
 *
 * Both are measured by one ruler: the exact squared distance of their points to N(0, I).
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { randomKey } from "../../packages/random/dist/index.js";
import {
  drawDiverse,
  exactSampler,
  pointsFromRows,
  squaredDistanceToTarget,
  standardNormal,
} from "../../packages/sampler-diverse/dist/index.js";

const { values: options } = parseArgs({
  options: {
    python: { type: "string", default: process.env.PYTHON ?? "python3" },
    rounds: { type: "string", default: "5" },
  },
});
const rounds = Number(options.rounds);
/** Best known squared distance of ten points in the plane. */
const OPTIMUM = 0.0152575;

const peer = spawn(options.python, [fileURLToPath(new URL("torch_sampler.py", import.meta.url)), "1"], {
  stdio: ["pipe", "pipe", "inherit"],
});
const lines = createInterface({ input: peer.stdout })[Symbol.asyncIterator]();
const answer = async () => JSON.parse((await lines.next()).value);
const torchVersion = (await answer()).ready;
async function torch(count, size, iterations, rate, seed) {
  peer.stdin.write(`${count} ${size} ${iterations} ${rate} ${seed}\n`);
  const { seconds, points } = await answer();
  return { seconds, distance: squaredDistanceToTarget({ points: pointsFromRows(points) }, standardNormal(size)) };
}
function divgen(count, size, seed, settings = {}) {
  const start = process.hrtime.bigint();
  const used = process.cpuUsage();
  const { squaredDistance } = drawDiverse(standardNormal(size), count, {
    key: randomKey(seed),
    sampler: exactSampler(settings),
    measure: count <= 2000,
  });
  const { user, system } = process.cpuUsage(used);
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  return { seconds, processor: (user + system) / 1e6, distance: squaredDistance };
}
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const milliseconds = (seconds) => (1e3 * seconds).toPrecision(3);

for (let warm = 0; warm < 30; warm++) divgen(10, 2, warm);
await torch(10, 2, 50, 0.1, 0);
const ours = [];
const theirs = { "0.01 x 2,000": [], "0.1 x 1,000": [] };
for (let round = 0; round < rounds; round++) {
  ours.push(divgen(10, 2, 100 + round));
  theirs["0.1 x 1,000"].push(await torch(10, 2, 1000, 0.1, round));
  theirs["0.01 x 2,000"].push(await torch(10, 2, 2000, 0.01, round));
}
const row = (name, list, base) => {
  const time = median(list.map(({ seconds }) => seconds));
  const within = list.filter(({ distance }) => distance <= 1.01 * OPTIMUM).length;
  const distance = median(list.map((one) => one.distance)).toFixed(5);
  console.log(
    `| ${name} | ${milliseconds(time)} | ${(time / base).toPrecision(3)} | ${distance} | ${within} of ${list.length} |`,
  );
  return time;
};
console.log(`PyTorch ${torchVersion}, Node ${process.versions.node}, one thread each, ${rounds} rounds, medians.\n`);
console.log("| J = 10, L = 2 | ms | ratio | d^2 | within 1 % of the optimum |\n| --- | ---: | ---: | ---: | ---: |");
const base = row("exact, four restarts", ours, median(ours.map(({ seconds }) => seconds)));
for (const [name, list] of Object.entries(theirs)) row(`A1 in PyTorch, rate ${name} iterations`, list, base);

console.log(
  "\n| exact method | seconds | processor seconds | d^2 | heap and arrays, MB |\n| --- | ---: | ---: | ---: | ---: |",
);
for (const [count, size, settings] of [
  [1000, 64, {}],
  [2500, 8, { maxIterations: 20 }],
  [5000, 8, { maxIterations: 20 }],
  [10_000, 8, { maxIterations: 20 }],
]) {
  globalThis.gc?.();
  const before = process.memoryUsage();
  let peak = 0;
  const onIteration = () => {
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    peak = Math.max(peak, heapUsed + arrayBuffers - before.heapUsed - before.arrayBuffers);
  };
  const { seconds, processor, distance } = divgen(count, size, 1, { ...settings, onIteration });
  const limit = settings.maxIterations === undefined ? "" : `, ${settings.maxIterations} iterations`;
  console.log(
    `| J = ${count.toLocaleString("en")}, L = ${size}${limit} | ${seconds.toFixed(2)} | ${processor.toFixed(2)} | ${distance?.toFixed(5) ?? ""} | ${(peak / 1e6).toFixed(1)} |`,
  );
}
peer.stdin.end();
