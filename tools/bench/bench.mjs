/**
 * Prints the table of BENCHMARKS.md: training steps of divgen beside the same steps in PyTorch.
 *
 *     node tools/bench/bench.mjs [--cases dcgan,points] [--engines native,native:1,wasm] [--rounds 7] [--threads 2]
 *
 * "native:1" is the native engine held to one thread; "native:dense" is what apps take for networks of dense layers:
 * TensorFlow's operations on one thread, matrix products on `--threads`, as other competitors have.
 *
 * Competitors of a case run as processes of their own, one after the other in each round, so that what else a shared machine
 * does meets all of them alike; the others wait. `PYTHON` names a Python with torch; without one its column is empty.
 * Build first: pnpm run build.
 */
import { spawn } from "node:child_process";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));
const { values: flags } = parseArgs({
  options: {
    cases: { type: "string", default: "dcgan,unet256,facades,modeSeeking256,points,vae,efficientnet,inception" },
    engines: { type: "string", default: "native,native:1,wasm" },
    rounds: { type: "string", default: "7" },
    threads: { type: "string", default: "2" },
  },
});

/** What a case is, and how many steps of it make a turn of a second or so. */
const catalogue = {
  dcgan: {
    title: "DCGAN 32 x 32, batch 64",
    steps: 2,
    furtherPeers: { "PyTorch, passes as released": "dcganAsReleased" },
  },
  unet256: { title: "U-Net 256 x 256, ngf 64, batch 1", steps: 1 },
  facades: { title: "facades demo 64 x 64, ngf 16, batch 4, two images each", steps: 5 },
  modeSeeking256: { title: "mode seeking 256 x 256, ngf 64, batch 1, two images", steps: 1 },
  points: {
    title: "2-D self-conditioned, batch 100",
    steps: 30,
    furtherPeers: { "PyTorch, passes as released": "pointsAsReleased" },
  },
  vae: { title: "VAE 28 x 28, batch 32", steps: 20 },
  efficientnet: { title: "EfficientNet-B0 features, 8 images of 224 x 224", steps: 2 },
  inception: { title: "Inception-V3 features, 8 images of 299 x 299", steps: 1 },
};

/** A process that runs steps when asked. */
class Competitor {
  constructor(name, command, parameters, threads = flags.threads, productThreads = threads) {
    this.name = name;
    this.steps = [];
    this.process = spawn(command, parameters, {
      stdio: ["pipe", "pipe", "inherit"],
      env: {
        ...process.env,
        BENCH_THREADS: threads,
        OMP_NUM_THREADS: productThreads,
        TF_NUM_INTRAOP_THREADS: threads,
        DIVGEN_WASM_THREADS: threads,
      },
    });
    this.process.on("error", () => undefined);
    this.process.stdin.on("error", () => undefined);
    this.lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
  }

  /** The next answer, or undefined when the process has ended. */
  async read() {
    const { value, done } = await this.lines.next();
    return done ? undefined : JSON.parse(value);
  }

  async ask(line) {
    this.process.stdin.write(`${line}\n`);
    return this.read();
  }
}

function competitorsOf(name) {
  const engines = flags.engines.split(",").map((engine) => {
    const [engineName, setting] = engine.split(":");
    const script = [join(here, "divgen_steps.mjs"), engineName, name];
    if (setting === "dense") {
      return new Competitor(`${engineName}, dense`, process.execPath, script, "1", flags.threads);
    }
    const title = setting === undefined ? engineName : `${engineName}, ${setting} thread`;
    return new Competitor(title, process.execPath, script, setting);
  });
  const peers = Object.entries({ PyTorch: name, ...catalogue[name].furtherPeers }).map(
    ([title, step]) => new Competitor(title, process.env.PYTHON ?? "python3", [join(here, "torch_steps.py"), step]),
  );
  return [...peers, ...engines];
}

async function runCase(name) {
  const { steps } = catalogue[name];
  const running = [];
  for (const competitor of competitorsOf(name)) {
    const answer = await competitor.read();
    if (answer === undefined) continue;
    competitor.version = answer.ready;
    // Two steps to warm up: memory is taken and slots appear.
    if ((await competitor.ask(2)) !== undefined) running.push(competitor);
  }
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (const competitor of running) {
      const slow = competitor.steps.length > 0 && median(competitor.steps.map(({ seconds }) => seconds)) > 2;
      const answer = await competitor.ask(slow ? 1 : steps);
      competitor.steps.push(...(answer?.steps ?? []));
    }
  }
  return Promise.all(
    running.map(async (competitor) => {
      const { peakBytes } = (await competitor.ask("quit")) ?? {};
      return {
        name: competitor.name,
        version: competitor.version,
        seconds: median(competitor.steps.map(({ seconds }) => seconds)),
        processor: median(competitor.steps.map(({ processor }) => processor)),
        peakBytes,
      };
    }),
  );
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

const milliseconds = (seconds) => (seconds * 1e3).toPrecision(3);
const ratio = (value, reference) => (reference === undefined ? "" : (value / reference).toFixed(2));

console.log(`Threads: ${flags.threads} of ${cpus().length} (${cpus()[0].model.trim()}), Node ${process.version}.\n`);
console.log("| step | on | ms | ratio | processor ms | ratio | peak memory, GB | ratio |");
console.log("|---|---|---|---|---|---|---|---|");
const versions = new Set();
for (const name of flags.cases.split(",")) {
  const results = await runCase(name);
  const reference = results.find(({ name: of }) => of === "PyTorch");
  for (const { name: on, version, seconds, processor, peakBytes } of results) {
    versions.add(`${on}: ${version}`);
    const cells = [
      on === results[0].name ? catalogue[name].title : "",
      on,
      milliseconds(seconds),
      ratio(seconds, reference?.seconds),
      milliseconds(processor),
      ratio(processor, reference?.processor),
      (peakBytes / 1e9).toFixed(2),
      ratio(peakBytes, reference?.peakBytes),
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
}
console.log(`\n${[...versions].join("; ")}.`);
