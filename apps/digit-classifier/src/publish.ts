/**
 * Puts trained weights into the package: `weights/digit-classifier.safetensors`, its card, and the module that embeds the
 * same bytes in the code.
 *
 *     node dist/publish.js runs/digit-classifier
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readSafetensors, sha256 } from "@divgen/weight-files";
import { type Evaluation, renderCard } from "./card.ts";
import { configSchema } from "./config.ts";

const [run] = process.argv.slice(2);
if (run === undefined) throw new Error("expected the directory of a finished run");
const target = new URL("../../../packages/feature-extractors/", import.meta.url);
const bytes = await readFile(join(run, "digit-classifier.safetensors"));
const config = configSchema.parse(JSON.parse(await readFile(join(run, "config.json"), "utf8")).config);
const evaluation = JSON.parse(await readFile(join(run, "evaluation.json"), "utf8")) as Evaluation;
const module = `/** Bytes of weights/digit-classifier.safetensors in base64, written by apps/digit-classifier. */
export const digitClassifierFile: string =
  "${bytes.toString("base64")}";
`;
await writeFile(new URL("weights/digit-classifier.safetensors", target), bytes);
await writeFile(new URL("src/digit-classifier-file.ts", target), module);
const parameters = [...readSafetensors(bytes).tensors].reduce(
  (sum, [name, { values }]) => sum + (name.includes(".running_") ? 0 : values.length),
  0,
);
const file = { sha256: sha256(bytes), size: bytes.length, parameters };
await writeFile(new URL("weights/digit-classifier.md", target), renderCard(config, evaluation, file));
