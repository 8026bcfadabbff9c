import { defineConfig } from "vitest/config";

/**
 * Shared by every package (`vitest run --config ../../vitest.config.ts --root .`): tests run on the
 * TypeScript sources of all packages through the "@divgen/source" export condition, so no build is needed.
 */
export default defineConfig({
  resolve: { conditions: ["@divgen/source", "module", "node", "import", "default"] },
  ssr: { resolve: { conditions: ["@divgen/source", "module", "node", "import", "default"] } },
  test: {
    // "tests" holds those of tools/.
    include: ["src/**/*.test.ts", "test/**/*.test.ts", "tests/**/*.test.ts"],
    benchmark: { include: ["src/**/*.bench.ts", "bench/**/*.bench.ts"] },
    environment: "node",
    pool: "forks",
    // tfjs keeps one engine per process: one worker at a time leaves the two cores to the arithmetic.
    maxWorkers: 1,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: ["default", ["json", { outputFile: "test-results/vitest.json" }]],
  },
});
