/** `npm run build|typecheck|lint|bench`: the turbo task over all packages, in a workspace that is set up first. */
import { join } from "node:path";
import { bootstrap, root, run } from "./bootstrap.mjs";

export function runTurbo(tasks, args = []) {
  return run(join(root, "node_modules", ".bin", "turbo"), ["run", ...tasks, "--no-update-notifier", ...args]);
}

if (import.meta.url === `file://${encodeURI(process.argv[1])}` || process.argv[1]?.endsWith("turbo.mjs")) {
  await bootstrap();
  process.exitCode = await runTurbo(process.argv.slice(2));
}
