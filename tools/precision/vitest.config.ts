import base from "../../vitest.config.ts";

const closeness = "/tensor-testing/src/closeness.ts";

/** The tests as they are, with every `expectClose` also written down: file, test, largest error, scale. */
export default {
  ...base,
  plugins: [
    {
      name: "write-errors-down",
      enforce: "pre" as const,
      load(id: string) {
        if (!id.endsWith(closeness)) return null;
        return `
          import { appendFileSync } from "node:fs";
          import { expect } from "vitest";
          import { expectClose as original } from "${id}?original";
          export function expectClose(received, expected, tolerance) {
            original(received, expected, tolerance);
            const values = "dataSync" in received ? received.dataSync() : received;
            let error = 0, scale = 0;
            for (let index = 0; index < expected.length; index++) {
              error = Math.max(error, Math.abs(values[index] - expected[index]));
              scale = Math.max(scale, Math.abs(expected[index]));
            }
            const { testPath, currentTestName } = expect.getState();
            const line = JSON.stringify({ file: testPath, test: currentTestName, error, scale, ...tolerance });
            appendFileSync(process.env.DIVGEN_ERRORS, line + "\\n");
          }`;
      },
    },
  ],
  test: { ...base.test, reporters: ["default"] },
};
