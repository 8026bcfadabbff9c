import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const packageFolder = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Compiles the installer into a folder of its own, since other processes cannot run TypeScript on every Node, and
 * writes a script that installs once. The folder lies in this package, so that npm packages are found.
 */
export class CompiledInstaller {
  readonly folder: string = join(packageFolder, "test-results", `installer-${process.pid}`);
  /** Script that runs the installation described by `$INSTALL_OPTIONS` and prints the engine's folder. */
  readonly script: string = join(this.folder, "install.mjs");

  constructor() {
    const compiler = join(dirname(require.resolve("typescript/package.json")), "bin", "tsc");
    const flags = [
      ...["--ignoreConfig", "--rootDir", "src", "--outDir", this.folder, "--module", "nodenext", "--target", "es2023"],
      ...["--rewriteRelativeImportExtensions", "--skipLibCheck", "--types", "node", "--strict"],
    ];
    const result = spawnSync(process.execPath, [compiler, ...flags, "src/install/install-engine.ts"], {
      cwd: packageFolder,
      encoding: "utf8",
    });
    if (result.status !== 0) throw new Error(`the installer does not compile: ${result.stdout}${result.stderr}`);
    writeFileSync(
      this.script,
      `import { installEngine } from "./install/install-engine.js";
const options = JSON.parse(process.env.INSTALL_OPTIONS);
try {
  const engine = await installEngine({ ...options, onProgress: ({ step }) => console.log(step) });
  console.log(engine.folder);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
`,
    );
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
