import { closeSync, existsSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { makeDirectory } from "../durable-files.ts";
import { pngSize } from "../png-size.ts";
import { storageError } from "../run-errors.ts";
import { type EventContent, encodeEvent } from "./event-encoding.ts";
import { encodeRecord } from "./tfrecord.ts";

/** Writes an event file that TensorBoard reads, while it grows. */
export interface TensorBoardWriter {
  /** Path of the event file. */
  readonly path: string;
  /** Adds a value to a curve. Tags with "/" are grouped by what stands before it. */
  scalar(tag: string, step: number, value: number): void;
  /** Adds a picture. @throws RangeError if the bytes are no PNG. */
  image(tag: string, step: number, png: Uint8Array): void;
  /** Hands everything to the operating system. */
  flush(): void;
  close(): void;
}

/** How an event file begins. */
export interface TensorBoardOptions {
  /** Steps done before, when a run goes on: TensorBoard drops what earlier files say of later steps. @defaultValue 0 */
  readonly startStep?: number;
  /** @defaultValue the machine's clock */
  readonly now?: () => Date;
}

const BUFFERED_BYTES = 64 * 1024;

/**
 * Begins a new event file in a folder, which is made where it is missing.
 *
 *     const writer = createTensorBoardWriter(join(runDirectory.path, "tensorboard"));
 *     writer.scalar("losses/generator", step, 0.7);
 *
 * @throws StorageError if it cannot be written, here and in all methods.
 */
export function createTensorBoardWriter(
  folder: string,
  { startStep = 0, now = () => new Date() }: TensorBoardOptions = {},
): TensorBoardWriter {
  const stamp = String(Math.floor(now().getTime() / 1000)).padStart(10, "0");
  let path = "";
  for (let copy = 0; path === "" || existsSync(path); copy++) {
    path = join(folder, `events.out.tfevents.${stamp}.divgen.${process.pid}.${copy}`);
  }
  let descriptor: number;
  try {
    makeDirectory(folder);
    descriptor = openSync(path, "a");
  } catch (error) {
    throw storageError(error, `write ${path}`);
  }

  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  const flush = (): void => {
    const bytes = Buffer.concat(pending);
    pending = [];
    pendingBytes = 0;
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
    } catch (error) {
      throw storageError(error, `write ${path}`);
    }
  };
  const add = (step: number, content: EventContent): void => {
    const record = encodeRecord(encodeEvent(now().getTime() / 1000, step, content));
    pending.push(record);
    pendingBytes += record.length;
    if (pendingBytes >= BUFFERED_BYTES) flush();
  };

  add(0, { kind: "file-version" });
  if (startStep > 0) add(startStep + 1, { kind: "session-start" });
  flush();
  return {
    path,
    scalar: (tag, step, value) => add(step, { kind: "scalar", tag, value }),
    image: (tag, step, png) => add(step, { kind: "image", tag, image: { ...pngSize(png), png } }),
    flush,
    close: () => {
      flush();
      closeSync(descriptor);
    },
  };
}
