import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { basename } from "node:path";

/** How the server treats its requests. */
export interface WheelServerOptions {
  /** The connection is cut after this many bytes, for this many requests. */
  readonly cutAfterBytes?: number;
  readonly cuts?: number;
  /** Requests for a part get the whole file. */
  readonly ignoresRange?: boolean;
  readonly status?: number;
  /** Sends half of the file and then nothing, for this many requests. */
  readonly stalls?: number;
}

/** A web server with one file, on this machine. */
export class WheelServer {
  readonly #server: Server;
  readonly file: string;
  /** The range header of each request. */
  readonly ranges: (string | undefined)[] = [];

  private constructor(server: Server, file: string) {
    this.#server = server;
    this.file = file;
  }

  static async start(file: string, options: WheelServerOptions = {}): Promise<WheelServer> {
    const { cutAfterBytes = 0, cuts = 0, ignoresRange = false, status, stalls = 0 } = options;
    const bytes = readFileSync(file);
    const server = createServer((request, response) => {
      wheelServer.ranges.push(request.headers.range);
      const count = wheelServer.ranges.length;
      if (status !== undefined) return void response.writeHead(status).end();
      const start = ignoresRange ? 0 : Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
      if (start >= bytes.length) return void response.writeHead(416).end();
      const rest = bytes.subarray(start);
      response.writeHead(start > 0 ? 206 : 200, { "content-length": rest.length });
      if (count <= stalls) response.write(rest.subarray(0, rest.length >> 1));
      else if (count <= cuts) response.write(rest.subarray(0, cutAfterBytes), () => response.destroy());
      else response.end(rest);
    });
    const wheelServer = new WheelServer(server, file);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return wheelServer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${basename(this.file)}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
