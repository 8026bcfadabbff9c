import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { strToU8, zipSync } from "fflate";

/** What may be wrong or different in a wheel. */
export interface FakeWheelOptions {
  readonly name?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly metadata?: string;
  /** A file whose digest in RECORD is that of other bytes. */
  readonly wrongDigestOf?: string;
  readonly withoutRecord?: boolean;
}

/** Name of a TensorFlow wheel for Linux x64. */
export const linuxWheelName = "tensorflow_cpu-2.21.0-cp312-cp312-manylinux_2_27_x86_64.whl";

/** The files that the engine needs of a Linux wheel, some headers that it needs and one that it does not. */
export const linuxWheelFiles: Readonly<Record<string, string>> = {
  "tensorflow/libtensorflow_cc.so.2": "library ".repeat(50_000),
  "tensorflow/libtensorflow_framework.so.2": "framework ".repeat(20_000),
  "tensorflow/include/tensorflow/c/c_api.h": "// c_api",
  "tensorflow/include/tsl/platform/ctstring.h": "// ctstring",
  "tensorflow/include/Eigen/Core.h": "// not needed",
  "tensorflow/python/__init__.py": "# not needed",
};

/** Writes a small wheel as pip would find it: files, metadata and a RECORD of their SHA-256. */
export function writeFakeWheel(folder: string, options: FakeWheelOptions = {}): { path: string; sha256: string } {
  const { name = linuxWheelName, files = linuxWheelFiles, metadata = "Name: fake\n", wrongDigestOf } = options;
  const information = `${name.split("-").slice(0, 2).join("-")}.dist-info`;
  const all: Record<string, string> = { ...files, [`${information}/METADATA`]: metadata };
  const record = Object.entries(all).map(([file, text]) => {
    const digest = createHash("sha256")
      .update(file === wrongDigestOf ? `${text}!` : text)
      .digest("base64url");
    return `${file},sha256=${digest},${text.length}`;
  });
  if (options.withoutRecord !== true) all[`${information}/RECORD`] = [...record, `${information}/RECORD,,`].join("\n");
  const bytes = zipSync(Object.fromEntries(Object.entries(all).map(([file, text]) => [file, strToU8(text)])));
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return { path, sha256: createHash("sha256").update(bytes).digest("hex") };
}
