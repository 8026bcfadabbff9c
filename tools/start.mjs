/** `npm start`: everything from a fresh clone to the report of the main job. Arguments go to the app. */
import { join } from "node:path";
import { bootstrap, root, runNode } from "./bootstrap.mjs";
import { tryNativeEngine } from "./engine.mjs";

await bootstrap();
await tryNativeEngine();
process.exitCode = await runNode(join(root, "apps", "facades-cluster-gan", "dist", "main.js"), process.argv.slice(2));
