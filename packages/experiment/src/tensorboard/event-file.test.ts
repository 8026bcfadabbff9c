import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/temporary-directory.ts";
import golden from "../golden/tensorboard-events.json" with { type: "json" };
import { createTensorBoardWriter, pngSize, StorageError } from "../index.ts";
import { crc32c, maskedCrc32c } from "./crc32c.ts";
import { type EventContent, encodeEvent } from "./event-encoding.ts";
import { encodeRecord } from "./tfrecord.ts";

const root = temporaryDirectory();
const bytes = (base64: string) => new Uint8Array(Buffer.from(base64, "base64"));
const png = bytes(golden.png);

describe("records", () => {
  const image = { ...pngSize(png), png };
  const cases: [string, number, number, EventContent][] = [
    ["file version", 1700000000.25, 0, { kind: "file-version" }],
    ["session start", 1700000000.25, 301, { kind: "session-start" }],
    ["scalar losses/generator 0.0", 1700000001.5, 0, { kind: "scalar", tag: "losses/generator", value: 0 }],
    ["scalar losses/generator 0.1", 1700000001.5, 1, { kind: "scalar", tag: "losses/generator", value: 0.1 }],
    ["scalar méthode/σ -2.5", 1700000001.5, 300, { kind: "scalar", tag: "méthode/σ", value: -2.5 }],
    [
      "scalar losses/discriminator 3e+38",
      1700000001.5,
      5_000_000_000,
      { kind: "scalar", tag: "losses/discriminator", value: 3e38 },
    ],
    ["image", 1700000002, 128, { kind: "image", tag: "samples/grid", image }],
  ];

  it("are all compared", () => {
    expect(cases.map(([name]) => name)).toEqual(golden.records.map(({ name }) => name));
  });

  it.each(cases)("have TensorBoard's own bytes: %s", (name, time, step, content) => {
    const expected = golden.records.find((record) => record.name === name)!.record;
    expect(Buffer.from(encodeRecord(encodeEvent(time, step, content))).toString("base64")).toBe(expected);
  });

  it("have TensorBoard's checksums", () => {
    for (const { bytes: data, masked } of golden.maskedCrc32c) expect(maskedCrc32c(bytes(data))).toBe(masked);
    // The check value of CRC-32C in the catalogue of parametrised CRC algorithms.
    expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
  });
});

describe("an event file", () => {
  const now = () => new Date(1700000000250);

  it("begins with its version and holds what was written, in order", () => {
    const writer = createTensorBoardWriter(join(root, "a"), { now });
    writer.scalar("losses/generator", 1, 0.1);
    writer.image("samples/grid", 128, png);
    writer.close();
    const expected = [
      { kind: "file-version" as const, step: 0 },
      { kind: "scalar" as const, tag: "losses/generator", value: 0.1, step: 1 },
      { kind: "image" as const, tag: "samples/grid", image: { ...pngSize(png), png }, step: 128 },
    ].map(({ step, ...content }) => encodeRecord(encodeEvent(1700000000.25, step, content as EventContent)));
    expect(readFileSync(writer.path)).toEqual(Buffer.concat(expected));
    expect(writer.path).toMatch(/events\.out\.tfevents\.1700000000\./);
  });

  it("of a run that goes on voids later steps of earlier files, and is a file of its own", () => {
    const folder = join(root, "b");
    createTensorBoardWriter(folder, { now }).close();
    const writer = createTensorBoardWriter(folder, { now, startStep: 300 });
    writer.close();
    expect(readdirSync(folder)).toHaveLength(2);
    const start = golden.records.find(({ name }) => name === "session start")!.record;
    expect(readFileSync(writer.path).subarray(-bytes(start).length).toString("base64")).toBe(start);
  });

  it("refuses pictures that are no PNG, and folders that are files", () => {
    const writer = createTensorBoardWriter(join(root, "c"));
    expect(() => writer.image("x", 1, Uint8Array.of(1, 2, 3))).toThrow(/png: expected the bytes of a PNG/);
    writer.close();
    writeFileSync(join(root, "file"), "");
    expect(() => createTensorBoardWriter(join(root, "file"))).toThrow(StorageError);
  });
});
