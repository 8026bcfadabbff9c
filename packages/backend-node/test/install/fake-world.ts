import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type InstallEngineOptions, installEngine } from "../../src/install/install-engine.ts";
import { FakeMachine, type FakeMachineOptions, linuxFacts } from "./fake-machine.ts";
import { type FakeWheelOptions, writeFakeWheel } from "./fake-wheel.ts";
import { WheelServer, type WheelServerOptions } from "./wheel-server.ts";

/** What has to be undone after a test. */
export const cleanups: (() => unknown)[] = [];

/** Undoes what the last test made. */
export async function cleanUp(): Promise<void> {
  for (const clean of cleanups.splice(0).reverse()) await clean();
}

/** A fake machine, an index with one wheel, and an installation between them. */
export interface FakeWorld {
  readonly machine: FakeMachine;
  readonly server: WheelServer;
  readonly wheel: string;
  install(options?: InstallEngineOptions): ReturnType<typeof installEngine>;
}

/** A Linux x64 machine on which everything works, but for what the options say. */
export async function createWorld(
  options: FakeMachineOptions = {},
  serverOptions: WheelServerOptions = {},
  wheelOptions: FakeWheelOptions = {},
): Promise<FakeWorld> {
  const machine = new FakeMachine(options);
  cleanups.push(() => machine.remove());
  const { path, sha256 } = writeFakeWheel(machine.folder, wheelOptions);
  const server = await WheelServer.start(path, serverOptions);
  cleanups.push(() => server.stop());
  const offer = { url: server.url, sha256, path };
  if (options.index === undefined) machine.change({ index: { "tensorflow-cpu": offer, tensorflow: offer } });
  const facts = { ...linuxFacts, architecture: "x64" };
  return {
    machine,
    server,
    wheel: path,
    install: (more = {}) => installEngine({ environment: machine.environment, facts, ...more }),
  };
}

/** What lies in the engines folder, hidden files too. */
export function engineEntries(machine: FakeMachine): string[] {
  const folder = join(machine.cache, "engines");
  return existsSync(folder) ? readdirSync(folder) : [];
}
