/** `npm run --silent divgen -- ARGS`: the divgen command of this workspace. */
import { join } from "node:path";
import { bootstrap, root, runNode } from "./bootstrap.mjs";

await bootstrap();
process.exitCode = await runNode(join(root, "packages", "cli", "dist", "main.js"), process.argv.slice(2), {
  cwd: process.cwd(),
});
