import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable, Transform } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { createInflateRaw } from "node:zlib";
import type { EngineFile } from "./engine-folder.ts";
import { InstallError } from "./install-error.ts";
import { makeFolder } from "./make-folder.ts";

interface ArchiveEntry {
  readonly name: string;
  readonly method: number;
  readonly compressedBytes: number;
  readonly bytes: number;
  readonly headerOffset: number;
}

/**
 * A Python wheel: a zip archive whose RECORD holds the SHA-256 of every file.
 *
 * Only what a wheel uses is understood: stored and deflated entries, sizes and offsets below 4 GiB.
 */
export class WheelArchive {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #entries: ReadonlyMap<string, ArchiveEntry>;
  /** SHA-256 in base64url by file name, from RECORD. */
  #record: ReadonlyMap<string, string> = new Map();

  private constructor(path: string, file: FileHandle, entries: ReadonlyMap<string, ArchiveEntry>) {
    this.path = path;
    this.#file = file;
    this.#entries = entries;
  }

  /**
   * Opens a wheel and reads its directory and its RECORD. The caller closes it.
   *
   * @throws InstallError of kind "data" when the file is no whole wheel.
   */
  static async open(path: string): Promise<WheelArchive> {
    const file = await open(path, "r").catch((error: Error) => {
      throw new InstallError(`The wheel ${path} cannot be opened: ${error.message}.`, { kind: "data", cause: error });
    });
    try {
      const archive = new WheelArchive(path, file, await readDirectory(file, path));
      const record = archive.names().find((name) => /^[^/]+\.dist-info\/RECORD$/.test(name));
      if (record === undefined) throw damaged(path, "it has no RECORD");
      archive.#record = parseRecord(await archive.text(record));
      return archive;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  names(): string[] {
    return [...this.#entries.keys()];
  }

  /** Unpacked size of an entry, in bytes. */
  bytesOf(name: string): number {
    return this.#entry(name).bytes;
  }

  /** A small entry as text. */
  async text(name: string): Promise<string> {
    return (await buffer(await this.#open(this.#entry(name)))).toString("utf8");
  }

  /**
   * Unpacks one entry, and compares its size and SHA-256 with what the wheel's RECORD says.
   *
   * @throws InstallError of kind "data" when they differ or RECORD does not name the entry.
   */
  async extract(name: string, destination: string, signal?: AbortSignal): Promise<EngineFile> {
    const entry = this.#entry(name);
    await makeFolder(dirname(destination));
    const hash = createHash("sha256");
    let bytes = 0;
    const measure = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        bytes += chunk.length;
        done(null, chunk);
      },
    });
    try {
      const options = signal === undefined ? {} : { signal };
      await pipeline(await this.#open(entry), measure, createWriteStream(destination, { mode: 0o644 }), options);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code?.startsWith("Z_")) throw damaged(this.path, `${name}: bad data`, error);
      throw error;
    }
    const digest = hash.digest();
    if (bytes !== entry.bytes || digest.toString("base64url") !== this.#record.get(name)) {
      throw damaged(this.path, `${name} does not have the SHA-256 that its RECORD names`);
    }
    return { name, bytes, sha256: digest.toString("hex") };
  }

  #entry(name: string): ArchiveEntry {
    const entry = this.#entries.get(name);
    if (entry === undefined) {
      throw new InstallError(`The wheel ${this.path} holds no ${name}.`, {
        kind: "data",
        remedy: "Is it a TensorFlow wheel for this platform?",
      });
    }
    return entry;
  }

  async #open(entry: ArchiveEntry): Promise<NodeJS.ReadableStream> {
    const header = await readAt(this.#file, entry.headerOffset, 30, this.path);
    if (header.readUInt32LE(0) !== 0x04034b50) throw damaged(this.path, `${entry.name}: no local header`);
    const start = entry.headerOffset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
    const stream =
      entry.compressedBytes === 0
        ? Readable.from([])
        : createReadStream(this.path, { start, end: start + entry.compressedBytes - 1, highWaterMark: 1 << 20 });
    if (entry.method === 0) return stream;
    if (entry.method === 8) {
      const inflate = createInflateRaw();
      stream.on("error", (error: Error) => inflate.destroy(error));
      return stream.pipe(inflate);
    }
    throw damaged(this.path, `${entry.name}: compression method ${entry.method} is unknown`);
  }
}

async function readDirectory(file: FileHandle, path: string): Promise<ReadonlyMap<string, ArchiveEntry>> {
  const { size } = await file.stat();
  const tailBytes = Math.min(size, 65_557);
  const tail = await readAt(file, size - tailBytes, tailBytes, path);
  const end = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0 || end + 22 > tail.length) throw damaged(path, "it has no end of archive: the file is cut off");
  const count = tail.readUInt16LE(end + 10);
  const directory = await readAt(file, tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12), path);
  const entries = new Map<string, ArchiveEntry>();
  let offset = 0;
  for (let index = 0; index < count; index++) {
    if (offset + 46 > directory.length || directory.readUInt32LE(offset) !== 0x02014b50) {
      throw damaged(path, "its directory is broken");
    }
    const nameBytes = directory.readUInt16LE(offset + 28);
    const entry: ArchiveEntry = {
      name: directory.toString("utf8", offset + 46, offset + 46 + nameBytes),
      method: directory.readUInt16LE(offset + 10),
      compressedBytes: directory.readUInt32LE(offset + 20),
      bytes: directory.readUInt32LE(offset + 24),
      headerOffset: directory.readUInt32LE(offset + 42),
    };
    if ([entry.compressedBytes, entry.bytes, entry.headerOffset].includes(0xffffffff)) {
      throw damaged(path, `${entry.name} is larger than 4 GiB`);
    }
    entries.set(entry.name, entry);
    offset += 46 + nameBytes + directory.readUInt16LE(offset + 30) + directory.readUInt16LE(offset + 32);
  }
  return entries;
}

async function readAt(file: FileHandle, position: number, bytes: number, path: string): Promise<Buffer> {
  const target = Buffer.alloc(bytes);
  const { bytesRead } = await file.read(target, 0, bytes, position);
  if (bytesRead !== bytes) throw damaged(path, "the file is cut off");
  return target;
}

/** Lines `path,sha256=DIGEST,size`; a path with a comma is quoted, and none that we use has one. */
function parseRecord(text: string): ReadonlyMap<string, string> {
  const digests = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [, name, digest] = /^([^,"]+),sha256=([^,]+),/.exec(line) ?? [];
    if (name !== undefined && digest !== undefined) digests.set(name, digest);
  }
  return digests;
}

function damaged(path: string, problem: string, cause?: unknown): InstallError {
  return new InstallError(`The wheel ${path} is damaged: ${problem}.`, {
    kind: "data",
    remedy: "Remove it and install again.",
    cause,
  });
}
