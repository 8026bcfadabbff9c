import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** The members of `node:util` that tfjs-node 4.22 calls. Node 22 warns about them, and Node 23 removed them. */
const replacements: Readonly<Record<string, (value: unknown) => boolean>> = {
  isArray: Array.isArray,
  isNullOrUndefined: (value) => value === null || value === undefined,
};

/**
 * Gives `node:util` the members that tfjs-node calls, with the meaning that they always had. The CommonJS object is
 * changed, because that is what tfjs-node sees; ES module imports of `node:util` stay as they are.
 */
export function restoreDeprecatedNodeUtilities(): void {
  const utilities = require("node:util") as Record<string, unknown>;
  for (const [name, replacement] of Object.entries(replacements)) {
    Object.defineProperty(utilities, name, { value: replacement, configurable: true, writable: true });
  }
}
