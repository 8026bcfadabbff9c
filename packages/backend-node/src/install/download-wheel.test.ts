import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WheelServer, type WheelServerOptions } from "../../test/install/wheel-server.ts";
import { DownloadFailed, downloadWheel } from "./download-wheel.ts";

describe("downloading a wheel", () => {
  let folder: string;
  let source: string;
  let sha256: string;
  let server: WheelServer | undefined;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "divgen-download-"));
    source = join(folder, "source.whl");
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 7919) % 251));
    writeFileSync(source, bytes);
    sha256 = createHash("sha256").update(bytes).digest("hex");
  });
  afterEach(async () => {
    await server?.stop();
    server = undefined;
    rmSync(folder, { recursive: true });
  });

  const serve = async (options?: WheelServerOptions): Promise<WheelServer> => {
    server = await WheelServer.start(source, options);
    return server;
  };
  const offer = (running: WheelServer) => ({ file: "wheel.whl", url: running.url, sha256 });
  const target = (): string => join(folder, "downloads");

  it("stores the bytes under the wheel's name and reports progress", async () => {
    const seen: [number, number | undefined][] = [];
    const path = await downloadWheel(offer(await serve()), target(), { onProgress: (...step) => seen.push(step) });
    expect(basename(path)).toBe("wheel.whl");
    expect(readFileSync(path).equals(readFileSync(source))).toBe(true);
    expect(seen.at(-1)).toEqual([200_000, 200_000]);
    expect(existsSync(`${path}.part`)).toBe(false);
  });

  it("goes on where a cut connection stopped", async () => {
    const running = await serve({ cutAfterBytes: 50_000, cuts: 2 });
    const path = await downloadWheel(offer(running), target());
    expect(readFileSync(path).equals(readFileSync(source))).toBe(true);
    expect(running.ranges).toEqual([undefined, "bytes=50000-", "bytes=100000-"]);
  });

  it("goes on with what an earlier attempt left behind", async () => {
    const broken = await serve({ cutAfterBytes: 30_000, cuts: 1 });
    await expect(downloadWheel(offer(broken), target(), { attempts: 1 })).rejects.toThrow(DownloadFailed);
    const path = await downloadWheel(offer(broken), target());
    expect(broken.ranges).toEqual([undefined, "bytes=30000-"]);
    expect(readFileSync(path).equals(readFileSync(source))).toBe(true);
  });

  it("begins anew when the server sends everything in spite of the range", async () => {
    const running = await serve({ cutAfterBytes: 50_000, cuts: 1, ignoresRange: true });
    const path = await downloadWheel(offer(running), target());
    expect(readFileSync(path).equals(readFileSync(source))).toBe(true);
  });

  it("gives up a connection that sends nothing, and goes on with another", async () => {
    const running = await serve({ stalls: 1 });
    const path = await downloadWheel(offer(running), target(), { stallSeconds: 0.3 });
    expect(readFileSync(path).equals(readFileSync(source))).toBe(true);
    expect(running.ranges).toEqual([undefined, "bytes=100000-"]);
  });

  it("asks for nothing when the wheel is there already", async () => {
    const running = await serve();
    await downloadWheel(offer(running), target());
    await downloadWheel(offer(running), target());
    expect(running.ranges).toHaveLength(1);
  });

  it("throws a download with a wrong SHA-256 away", async () => {
    const wrong = { ...offer(await serve()), sha256: "0".repeat(64) };
    await expect(downloadWheel(wrong, target())).rejects.toMatchObject({
      kind: "data",
      message: expect.stringMatching(/expected SHA-256 0{64}, got [0-9a-f]{64}.*install again/),
    });
    expect(existsSync(join(target(), "wheel.whl"))).toBe(false);
    expect(existsSync(join(target(), "wheel.whl.part"))).toBe(false);
  });

  it("does not retry an answer that will not change", async () => {
    const running = await serve({ status: 403 });
    await expect(downloadWheel(offer(running), target())).rejects.toThrow(new DownloadFailed("the index answered 403"));
    expect(running.ranges).toHaveLength(1);
  });

  it("keeps what it has when it is interrupted", async () => {
    const running = await serve({ stalls: 9 });
    const controller = new AbortController();
    const download = downloadWheel(offer(running), target(), {
      signal: controller.signal,
      onProgress: (done) => {
        if (done === 100_000) setTimeout(() => controller.abort(), 50);
      },
    });
    await expect(download).rejects.toMatchObject({ kind: "interrupted" });
    expect(readFileSync(join(target(), "wheel.whl.part"))).toHaveLength(100_000);
  });
});
