import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { relaxedSimdBinary, simdBinary, sourceHash } from "./kernel-binaries.ts";
import { webAssembly } from "./web-assembly.ts";

const folder = new URL("./native/", import.meta.url);

test("the binaries belong to the sources beside them: else run node tools/build-wasm-kernels.mjs", () => {
  const hash = createHash("sha256");
  for (const name of readdirSync(folder).sort()) hash.update(name).update(readFileSync(new URL(name, folder)));
  expect(sourceHash).toBe(hash.digest("hex"));
});

test("the binary without relaxed SIMD is valid wherever SIMD is, and differs from the other", () => {
  expect(webAssembly.validate(Buffer.from(simdBinary, "base64"))).toBe(true);
  expect(simdBinary).not.toBe(relaxedSimdBinary);
});
