import { existsSync } from "node:fs";
import { findBackendFactory, registerBackend, version_core } from "@tensorflow/tfjs-core";
import { type EngineCandidate, EngineUnavailable } from "./engine-candidate.ts";

/** What a WebGPU adapter says about itself. */
export interface AdapterInfo {
  readonly vendor?: string;
  readonly architecture?: string;
  readonly device?: string;
  readonly description?: string;
  readonly isFallbackAdapter?: boolean;
}

/** The part of a WebGPU adapter that selection uses. */
export interface Adapter {
  readonly info?: AdapterInfo;
  readonly isFallbackAdapter?: boolean;
  readonly features: { has(name: string): boolean };
  readonly limits: Readonly<Record<string, number>>;
  requestDevice(descriptor: object): Promise<object>;
}

/** The part of the npm package `webgpu` (Dawn) that selection uses. */
interface Dawn {
  create(options: readonly string[]): { requestAdapter(options: object): Promise<Adapter | null> };
  readonly globals: Readonly<Record<string, unknown>>;
}

/** Limits that tfjs's kernels need at the adapter's own height. */
const wantedLimits = [
  "maxComputeWorkgroupStorageSize",
  "maxComputeWorkgroupsPerDimension",
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxComputeWorkgroupSizeX",
  "maxComputeInvocationsPerWorkgroup",
];

/** Dawn must outlive its adapter, and is created once. */
let dawn: { readonly gpu: ReturnType<Dawn["create"]>; readonly adapter: Adapter } | undefined;

/**
 * GPUs of any maker, by Dawn from the npm package `webgpu`. Software adapters are refused: wasm is faster. Values
 * can be read back with `await tensor.data()` only: `dataSync()` needs a browser's canvas on this engine.
 */
export function webgpuCandidate(): EngineCandidate {
  return {
    name: "webgpu",
    tfjsBackend: "webgpu",
    load: async () => {
      assertGpuDevice();
      dawn ??= await openDawn();
      const { adapter } = dawn;
      const { WebGPUBackend } = (await import("@tensorflow/tfjs-backend-webgpu")) as unknown as {
        WebGPUBackend: new (device: object, info: AdapterInfo | undefined) => never;
      };
      if (findBackendFactory("webgpu") === null) {
        registerBackend("webgpu", async () => new WebGPUBackend(await openDevice(adapter), adapter.info), 3);
      }
      return `WebGPU on ${adapterName(adapter)}, tfjs ${version_core}`;
    },
  };
}

/** Whether an adapter computes on the processor: SwiftShader, llvmpipe, WARP. */
export function isSoftwareAdapter(adapter: Pick<Adapter, "info" | "isFallbackAdapter">): boolean {
  if (adapter.isFallbackAdapter === true || adapter.info?.isFallbackAdapter === true) return true;
  const { vendor = "", architecture = "", device = "", description = "" } = adapter.info ?? {};
  return /swiftshader|llvmpipe|lavapipe|software|microsoft basic render|\bwarp\b|\bcpu\b/i.test(
    [vendor, architecture, device, description].join(" "),
  );
}

/** Spares Dawn's own complaints on Linux machines without any GPU device. */
function assertGpuDevice(): void {
  const devices = ["/dev/dri", "/dev/nvidia0", "/dev/dxg"];
  if (process.platform === "linux" && !devices.some((path) => existsSync(path))) {
    throw new EngineUnavailable(`this machine has no GPU device (${devices.join(", ")})`);
  }
}

async function openDawn(): Promise<NonNullable<typeof dawn>> {
  const packageName = "webgpu";
  let module: Dawn;
  try {
    module = (await import(/* @vite-ignore */ packageName)) as Dawn;
  } catch (error) {
    throw new EngineUnavailable(
      `the npm package webgpu does not load: ${(error as Error).message.split("\n")[0]}`,
      "install the dependencies again, without --no-optional",
      { cause: error },
    );
  }
  // tfjs's backend expects the constants of a browser.
  for (const [name, value] of Object.entries(module.globals)) {
    if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  const gpu = module.create([]);
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) {
    throw new EngineUnavailable("Dawn finds no GPU adapter", "install a driver with Vulkan 1.1 or newer");
  }
  if (isSoftwareAdapter(adapter)) {
    throw new EngineUnavailable(`the only adapter is a software one (${adapterName(adapter)}), slower than wasm`);
  }
  return { gpu, adapter };
}

function openDevice(adapter: Adapter): Promise<object> {
  return adapter.requestDevice({
    requiredFeatures: ["timestamp-query"].filter((feature) => adapter.features.has(feature)),
    requiredLimits: Object.fromEntries(wantedLimits.map((name) => [name, adapter.limits[name]])),
  });
}

function adapterName(adapter: Adapter): string {
  const { description, device, architecture, vendor } = adapter.info ?? {};
  return [description, device, architecture, vendor].find((name) => name !== undefined && name !== "") ?? "a GPU";
}
