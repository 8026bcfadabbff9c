import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CompiledInstaller } from "../../test/install/compiled-installer.ts";
import { FakeMachine, linuxFacts } from "../../test/install/fake-machine.ts";
import { writeFakeWheel } from "../../test/install/fake-wheel.ts";
import { findInstalledEngine, kernelsRevision } from "./engine-folder.ts";
import { installEngine } from "./install-engine.ts";

// The fake Linux library does for any architecture, but there is no fake for other systems.
describe.skipIf(process.platform !== "linux")("installers in several processes", () => {
  let installer: CompiledInstaller;
  let machine: FakeMachine;
  let from: string;
  const facts = { ...linuxFacts, architecture: "x64" };

  beforeAll(() => {
    installer = new CompiledInstaller();
  });
  afterAll(() => installer.remove());
  beforeEach(() => {
    machine = new FakeMachine();
    from = writeFakeWheel(machine.folder).path;
  });
  afterEach(() => machine.remove());

  const start = (): { child: ChildProcess; output: () => string; ended: Promise<unknown[]> } => {
    const child = spawn(process.execPath, [installer.script], {
      env: { ...machine.environment, INSTALL_OPTIONS: JSON.stringify({ from, facts }) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
    }
    return { child, output: () => text, ended: once(child, "close") };
  };
  const entries = (): string[] => readdirSync(join(machine.cache, "engines"));
  const untilStep = async (running: ReturnType<typeof start>, step: string): Promise<void> => {
    while (!running.output().includes(step) && running.child.exitCode === null) await wait(10);
  };

  it("build one engine together", async () => {
    machine.change({ compiler: { seconds: 0.5 } });
    const running = [start(), start(), start()];
    await Promise.all(running.map(({ ended }) => ended));
    expect(running.map(({ child, output }) => child.exitCode === 0 || output())).toEqual([true, true, true]);
    expect(machine.calls("tfjs_backend.cc")).toHaveLength(1);
    expect(entries()).toEqual([`native-tensorflow-2.21.0-tfjs-node-4.22.0-kernels-${kernelsRevision}-linux-x64`]);
  });

  it.each(["unpack", "compile"])("leave no half engine when they are killed while they %s", async (step) => {
    machine.change({ compiler: { seconds: 5 } });
    const running = start();
    await untilStep(running, step);
    running.child.kill("SIGKILL");
    await running.ended;
    expect(entries().every((name) => name.startsWith("."))).toBe(true);
    expect(findInstalledEngine("native", machine.environment)).toBeUndefined();
    expect(existsSync(join(machine.cache, "engines", ".install.lock"))).toBe(true);

    machine.change({ compiler: "works" });
    await installEngine({ environment: machine.environment, facts, from });
    expect(entries()).toEqual([`native-tensorflow-2.21.0-tfjs-node-4.22.0-kernels-${kernelsRevision}-linux-x64`]);
  });
});
