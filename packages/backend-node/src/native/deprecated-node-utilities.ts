import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** The members of `node:util` that tfjs-node 4.22 calls and that Node 23 removed. */
const replacements: Readonly<Record<string, (value: unknown) => boolean>> = {
  isArray: Array.isArray,
  isNullOrUndefined: (value) => value === null || value === undefined,
};

/**
 * Gives `node:util` back the members that tfjs-node calls; no effect on a Node that has them. The CommonJS
 * object is changed, because that is what tfjs-node sees; ES module imports of `node:util` stay as they are.
 */
export function restoreDeprecatedNodeUtilities(): void {
  const utilities = require("node:util") as Record<string, unknown>;
  for (const [name, replacement] of Object.entries(replacements)) {
    if (typeof utilities[name] !== "function") {
      Object.defineProperty(utilities, name, { value: replacement, configurable: true, writable: true });
    }
  }
}
