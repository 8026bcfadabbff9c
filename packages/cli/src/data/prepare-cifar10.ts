import { join } from "node:path";
import { DataError } from "@divgen/core-tensors";
import { cifar10ClassNames, isFolder, openCifar10 } from "@divgen/datasets";
import { openImageTree } from "../samples/image-tree.ts";
import {
  countWarnings,
  createFaultList,
  type DataManifest,
  describeFile,
  describeImage,
  type ManifestFile,
  type ManifestSplit,
} from "./data-manifest.ts";
import type { PrepareRequest } from "./prepare-pairs.ts";

const PUBLISHED = { train: 50_000, test: 10_000 } as const;
const BINARY = { train: [1, 2, 3, 4, 5].map((index) => `data_batch_${index}.bin`), test: ["test_batch.bin"] } as const;

/**
 * Checks CIFAR-10, as binary files or as image files in `SPLIT/CLASS/`: every image is there, is 32 x 32 and belongs to
 * one of the ten classes.
 *
 * @throws DataError naming all files that cannot be used.
 */
export async function prepareCifar10({ from, progress }: PrepareRequest): Promise<DataManifest> {
  const splits: Record<string, ManifestSplit> = {};
  const warnings: string[] = [];
  const isImages = await isFolder(join(from, "train"));
  for (const split of ["train", "test"] as const) {
    // The data set's own rules first: classes, files, records.
    const { classIds } = await openCifar10(from, split);
    const perClass = new Int32Array(cifar10ClassNames.length);
    for (const classId of classIds) perClass[classId]!++;
    const expected = PUBLISHED[split] / cifar10ClassNames.length;
    for (const [classId, count] of perClass.entries()) {
      if (count !== expected) {
        warnings.push(
          `${split}: ${count} images of ${cifar10ClassNames[classId]}; the published data set has ${expected}`,
        );
      }
    }
    const files = isImages ? await imageFiles(from, split, progress) : await binaryFiles(from, split);
    splits[split] = { count: classIds.length, published: PUBLISHED[split], files };
  }
  return {
    ...{ formatVersion: 1, data: "cifar10", form: isImages ? "image files" : "binary", splits },
    warnings: [...countWarnings(splits), ...warnings],
  };
}

async function imageFiles(
  from: string,
  split: "train" | "test",
  progress: PrepareRequest["progress"],
): Promise<ManifestFile[]> {
  const tree = await openImageTree(join(from, split));
  const faults = createFaultList();
  const files: ManifestFile[] = [];
  for (let index = 0; index < tree.count; index++) {
    await faults.attempt(async () => {
      const { file } = await describeImage(from, `${split}/${tree.nameOf(index)}`);
      if (file.width !== 32 || file.height !== 32) {
        throw new DataError(`${join(from, file.path)}: expected 32 x 32 pixels, got ${file.width} x ${file.height}.`);
      }
      files.push(file);
    });
    progress(index + 1, tree.count);
  }
  faults.assertNone(join(from, split));
  return files;
}

async function binaryFiles(from: string, split: "train" | "test"): Promise<ManifestFile[]> {
  const files: ManifestFile[] = [];
  for (const name of BINARY[split]) files.push(await describeFile(from, name));
  return files;
}
