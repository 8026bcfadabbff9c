/**
 * Compares the engines of a browser with tfjs's cpu engine: the parity cases of backend-node, two training steps of a small
 * DCGAN, and other networks with their gradients, in headless Chromium.
 *
 *     node tools/browser/parity.mjs [--engines webgl,webgpu] [--seconds 600]
 *
 * `CHROMIUM` names the browser; without one on this machine the script says so and ends well. Not part of `npm test`.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..");
const { values: flags } = parseArgs({
  options: { seconds: { type: "string", default: "600" }, engines: { type: "string", default: "webgl,webgpu" } },
});

const names = [process.env.CHROMIUM, "chromium", "chromium-browser", "google-chrome"].filter(Boolean);
const browser = names.find((name) => spawnSync(name, ["--version"]).status === 0);
if (browser === undefined) {
  console.log(`Skipped: there is no Chromium (tried ${names.join(", ")}); install one, or name it in CHROMIUM.`);
  process.exit(0);
}

const folder = mkdtempSync(join(tmpdir(), "divgen-browser-"));
try {
  const bundle = await bundlePage(join(folder, "page"));
  print(await runPage(bundle));
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** One file with the page's code, by the bundler that vitest brings. */
async function bundlePage(outDir) {
  const fromVitest = createRequire(createRequire(import.meta.url).resolve("vitest/package.json"));
  const { build } = await import(
    pathToFileURL(join(dirname(fromVitest.resolve("vite/package.json")), "dist/node/index.js"))
  );
  const backends = createRequire(join(root, "packages", "backend-node", "package.json"));
  const folderOf = (require, name) => dirname(require.resolve(`${name}/package.json`));
  // webgl comes with tfjs itself, on which tfjs-node depends.
  const node = createRequire(backends.resolve("@tensorflow/tfjs-node/package.json"));
  const all = createRequire(node.resolve("@tensorflow/tfjs/package.json"));
  const packages = [
    ...["core-tensors", "feature-extractors", "layers", "losses", "models-dcgan", "models-pix2pix", "models-vae"],
    ...["random", "training"],
  ];
  await build({
    root: here,
    configFile: false,
    logLevel: "error",
    build: {
      outDir,
      emptyOutDir: true,
      target: "esnext", // The cases and tfjs's gradients are there by side effects.
      rolldownOptions: { treeshake: false },
      lib: { entry: "page.mjs", formats: ["es"], fileName: "page" },
    },
    resolve: {
      conditions: ["@divgen/source", "browser", "module", "import", "default"],
      dedupe: ["@tensorflow/tfjs-core"],
      alias: [
        { find: "vitest", replacement: join(here, "collected-tests.mjs") },
        { find: /^.*\/src\/wasm\/index\.ts$/, replacement: join(here, "no-wasm-kernels.mjs") },
        { find: "@tensorflow/tfjs-backend-webgl", replacement: folderOf(all, "@tensorflow/tfjs-backend-webgl") },
        { find: "@tensorflow/tfjs-backend-webgpu", replacement: folderOf(backends, "@tensorflow/tfjs-backend-webgpu") },
        ...packages.map((name) => ({
          find: `@divgen/${name}`,
          replacement: join(root, "packages", name, "src", "index.ts"),
        })),
      ],
    },
  });
  return join(outDir, "page.js");
}

/** What the page reports; the browser is ended then. */
async function runPage(bundle) {
  let answer;
  const reported = new Promise((resolve) => {
    answer = resolve;
  });
  const server = createServer((request, response) => {
    if (request.url === "/page.js") {
      response.setHeader("content-type", "text/javascript").end(readFileSync(bundle));
    } else if (request.method === "POST") {
      let body = "";
      request.on("data", (part) => {
        body += part;
      });
      request.on("end", () => {
        response.end();
        answer(JSON.parse(body));
      });
    } else {
      response
        .setHeader("content-type", "text/html")
        .end('<!doctype html><script type="module" src="/page.js"></script>');
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const flagsOfBrowser = [
    ...["--headless=new", "--no-sandbox", "--no-first-run", `--user-data-dir=${join(folder, "profile")}`],
    ...["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"],
    ...["--enable-unsafe-webgpu", "--enable-features=Vulkan", "--use-webgpu-adapter=swiftshader"],
  ];
  const child = spawn(
    browser,
    [...flagsOfBrowser, `http://127.0.0.1:${server.address().port}/?engines=${flags.engines}`],
    {
      stdio: ["ignore", "ignore", "pipe"],
      detached: true,
    },
  );
  let said = "";
  child.stderr.on("data", (part) => {
    said = (said + part).slice(-4000);
  });
  const limit = AbortSignal.timeout(Number(flags.seconds) * 1000);
  const ended = new Promise((resolve) => {
    child.on("exit", () => resolve([{ backend: "page", missing: `the browser ended: ${said}` }]));
    limit.addEventListener("abort", () =>
      resolve([{ backend: "page", missing: `no report within ${flags.seconds} seconds: ${said}` }]),
    );
  });
  const report = await Promise.race([reported, ended]);
  server.close();
  server.closeAllConnections();
  if (child.exitCode === null) {
    process.kill(-child.pid, "SIGKILL");
    await new Promise((resolve) => child.on("close", resolve));
  }
  return report;
}

function print(report) {
  console.log(spawnSync(browser, ["--version"], { encoding: "utf8" }).stdout.trim());
  for (const { backend, missing, cases, failures, comparisons, worst, step, ofModels } of report) {
    if (missing !== undefined) {
      console.log(`${backend}: not examined: ${missing}`);
      process.exitCode = backend === "page" ? 1 : process.exitCode;
      continue;
    }
    console.log(
      `${backend}: ${cases - failures.length} of ${cases} parity cases pass; ${comparisons} tensors compared,`,
    );
    console.log(`  largest difference ${worst.share.toExponential(1)} of the tensor's largest value (${worst.name})`);
    for (const { name, message } of failures.slice(0, 40)) console.log(`  differs: ${name}: ${message}`);
    if (step.failure !== undefined) console.log(`  training: ${step.failure}`);
    else {
      const { worst: most, ofLosses, count } = step;
      console.log(`  two DCGAN steps: losses differ by a share of ${ofLosses.toExponential(1)} at most,`);
      console.log(
        `  ${count} values by ${most.difference.toExponential(1)} after updates of up to 1e-3 (${most.name})`,
      );
    }
    for (const { name, failure, tensors, worst: most } of ofModels) {
      if (failure !== undefined) console.log(`  ${name}: ${failure}`);
      else {
        const share = most.share.toExponential(1);
        console.log(`  ${name}: ${tensors} tensors differ by a share of ${share} at most (${most.name})`);
      }
    }
  }
}
