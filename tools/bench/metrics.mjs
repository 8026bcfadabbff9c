/**
 * Times metrics beside NumPy, SciPy and scikit-learn in one run, and prints a table:
 *
 *     node tools/bench/metrics.mjs [--python $PYTHON] [--rounds 2] [--cases frechet,covariance,k-means,neighbours]
 *
 * Needs Python with scipy and scikit-learn for the peer. Both sides make the same data by formula; values must agree.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { nativeLinearAlgebra, selectEngine } from "../../packages/backend-node/dist/index.js";
import { kMeans } from "../../packages/clustering/dist/index.js";
import { frechetDistance, meanAndCovariance, neighbourMetrics } from "../../packages/metrics/dist/index.js";
import { createTensorCenterSearch } from "../../packages/training/dist/index.js";

const { values: options } = parseArgs({
  options: {
    python: { type: "string", default: process.env.PYTHON ?? "python3" },
    rounds: { type: "string", default: "2" },
    cases: { type: "string", default: "frechet,covariance,k-means,neighbours" },
  },
});
const rounds = Number(options.rounds);

/** The formula of numpy_metrics.py. */
function rowsOf(seed, rows, columns, Values = Float64Array) {
  const values = new Values(rows * columns);
  for (let index = 0; index < values.length; index++) {
    let phase = (index * 0.6180339887498949) % 1;
    phase = (phase * (index % 8191) + seed * 0.1234567) % 1;
    values[index] = Math.fround(Math.sin(6.283185307179586 * phase) * (1 + ((index % columns) % 7)));
  }
  return { values, rows, columns };
}

const peer = spawn(options.python, [fileURLToPath(new URL("numpy_metrics.py", import.meta.url))], {
  stdio: ["pipe", "pipe", "inherit"],
});
const lines = createInterface({ input: peer.stdout })[Symbol.asyncIterator]();
const answer = async () => JSON.parse((await lines.next()).value);
const versions = await answer();
function ask(name, ...values) {
  peer.stdin.write(`${JSON.stringify({ case: name, arguments: values })}\n`);
  return answer();
}
async function time(run) {
  const start = process.hrtime.bigint();
  const value = await run();
  return { seconds: Number(process.hrtime.bigint() - start) / 1e9, value };
}
const median = (list) => [...list].sort((a, b) => a.seconds - b.seconds)[Math.floor(list.length / 2)];

const engine = await selectEngine("native").catch(() => undefined);
const native = engine === undefined ? null : nativeLinearAlgebra();
const rowsPrinted = [];
/** Interleaves the contenders; the first is the peer that ratios are of. */
async function compare(name, contenders) {
  const results = new Map(Object.keys(contenders).map((who) => [who, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [who, run] of Object.entries(contenders)) results.get(who).push(await run());
  }
  const [base] = [...results.values()].map(median);
  for (const [who, list] of results) {
    const { seconds, value } = median(list);
    const difference = Math.abs(value / base.value - 1);
    rowsPrinted.push(
      `| ${name} | ${who} | ${seconds.toPrecision(3)} | ${(seconds / base.seconds).toPrecision(3)} | ${difference.toExponential(1)} |`,
    );
    console.error(rowsPrinted.at(-1));
  }
}

const wanted = new Set(options.cases.split(","));
if (wanted.has("frechet")) {
  const [first, second] = [1, 2].map((seed) => meanAndCovariance(rowsOf(seed, 2248, 2048)));
  await compare("Frechet distance of statistics, 2,048 features", {
    "scipy.linalg.sqrtm": () => ask("frechet", 2048),
    "numpy, Cholesky and eigenvalues": () => ask("frechet-eigenvalues", 2048),
    "divgen, plain": () => time(() => frechetDistance(first, second).value),
    ...(native && { "divgen, native": () => time(() => frechetDistance(first, second, native).value) }),
  });
}
if (wanted.has("covariance")) {
  const data = rowsOf(3, 10_000, 2048, Float32Array);
  const sum = ({ covariance }) => covariance.reduce((total, value) => total + Math.abs(value), 0);
  await compare("mean and covariance, 10,000 x 2,048", {
    "numpy.cov": () => ask("covariance", 10_000, 2048),
    "divgen, plain": () => time(() => sum(meanAndCovariance(data))),
    ...(native && { "divgen, native": () => time(() => sum(meanAndCovariance(data, native))) }),
  });
}
if (wanted.has("k-means")) {
  const data = rowsOf(4, 25_000, 512, Float32Array);
  const centers = { values: data.values.slice(0, 100 * 512), rows: 100, columns: 512 };
  const run = (algebra) =>
    kMeans(data, 100, { start: { centers }, maxIterations: 20, tolerance: 0, ...algebra }).inertia;
  await compare("k-means, 25,000 x 512, k = 100, 20 iterations", {
    "scikit-learn": () => ask("k-means", 25_000, 512, 100, 20),
    "divgen, plain": () => time(() => run({})),
    ...(native && { "divgen, native": () => time(() => run({ search: createTensorCenterSearch() })) }),
  });
}
if (wanted.has("neighbours")) {
  const [real, generated] = [5, 6].map((seed) => rowsOf(seed, 10_000, 512, Float32Array));
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  let peak = before;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 100);
  const { seconds } = await time(() => neighbourMetrics(real, generated, 5));
  clearInterval(watch);
  peak = Math.max(peak, process.resourceUsage().maxRSS * 1024);
  console.error(
    `precision, recall, density, coverage, 10,000 x 10,000 x 512: ${seconds.toFixed(1)} s, peak memory of the process ${(peak / 1e9).toFixed(2)} GB`,
  );
}
console.log(
  `NumPy ${versions.numpy}, SciPy ${versions.scipy}, scikit-learn ${versions["scikit-learn"]}, Node ${process.versions.node}; ${rounds} rounds, medians.\n`,
);
console.log("| what | by | seconds | ratio | difference of the value |\n| --- | --- | ---: | ---: | ---: |");
for (const row of rowsPrinted) console.log(row);
peer.stdin.end();
