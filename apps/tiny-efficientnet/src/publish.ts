/**
 * Puts trained weights into the package: `weights/tiny-efficientnet.safetensors`, its card, and the module that embeds
 * the same bytes in the code.
 *
 *     node dist/publish.js --output runs/tiny-efficientnet
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readSafetensors, sha256 } from "@divgen/weight-files";
import { type Evaluation, renderCard } from "./card.ts";
import { parseConfig } from "./config.ts";

const { output } = parseConfig(process.argv.slice(2));
const target = new URL("../../../packages/feature-extractors/", import.meta.url);
const bytes = await readFile(join(output, "weights.safetensors"));
const config = JSON.parse(await readFile(join(output, "config.json"), "utf8"));
const evaluation = JSON.parse(await readFile(join(output, "evaluation.json"), "utf8")) as Evaluation;
const module = `/** Bytes of weights/tiny-efficientnet.safetensors in base64, written by apps/tiny-efficientnet. */
export const tinyEfficientNetFile: string =
  "${bytes.toString("base64")}";
`;
await writeFile(new URL("weights/tiny-efficientnet.safetensors", target), bytes);
await writeFile(new URL("src/tiny-efficientnet-file.ts", target), module);
const { tensors } = readSafetensors(bytes);
const parameters = [...tensors].reduce(
  (sum, [name, { values }]) => sum + (name.includes(".running_") ? 0 : values.length),
  0,
);
const card = renderCard(config, evaluation, { sha256: sha256(bytes), size: bytes.length, parameters });
await writeFile(new URL("weights/tiny-efficientnet.md", target), card);
