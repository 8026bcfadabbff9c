import { readFile } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { DataError } from "@divgen/core-tensors";
import {
  type ArrayWithShape,
  readTfjsWeights,
  readWeightFile,
  sha256,
  tfjsShardPaths,
  WeightFileError,
} from "@divgen/weight-files";

/** Weights of a file with what identifies them. */
export interface ReadWeights {
  readonly tensors: ReadonlyMap<string, ArrayWithShape>;
  /** Of the file; of all shards in order for TensorFlow.js. */
  readonly sha256: string;
  readonly format: "safetensors" | "torch" | "npz" | "tfjs";
}

/**
 * Reads `.safetensors`, PyTorch `.pth`, `.npz`, or a TensorFlow.js `model.json` with the shards beside it.
 *
 * @throws DataError naming the file, for one that is missing, damaged or of another kind.
 */
export async function readWeights(path: string): Promise<ReadWeights> {
  const bytes = await readBytes(path);
  if (bytes.length === 0)
    throw new DataError(`${path}: expected weights, got an empty file. Copy or download it again.`);
  try {
    return extname(path).toLowerCase() === ".json" ? await readTfjs(path, bytes) : readWeightFile(bytes);
  } catch (error) {
    if (!(error instanceof WeightFileError || error instanceof SyntaxError)) throw error;
    throw new DataError(`${path}: ${error.message}`, { cause: error });
  }
}

async function readTfjs(path: string, bytes: Uint8Array): Promise<ReadWeights> {
  const modelJson: unknown = JSON.parse(new TextDecoder().decode(bytes));
  const shards = new Map<string, Uint8Array>();
  for (const shard of tfjsShardPaths(modelJson)) shards.set(shard, await readBytes(join(dirname(path), shard)));
  const { tensors } = readTfjsWeights(modelJson, shards);
  return { tensors, sha256: sha256(new Uint8Array(Buffer.concat([...shards.values()]))), format: "tfjs" };
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: "there is no such file",
      EISDIR: "it is a folder; name the file in it (model.json for TensorFlow.js)",
    };
    const reason = reasons[code ?? ""] ?? (error as Error).message;
    throw new DataError(`${path}: cannot be read: ${reason}`, { cause: error });
  }
}
