import { enableProdMode, getBackend, setBackend } from "@tensorflow/tfjs-core";
import { cpuCandidate } from "./cpu-candidate.ts";
import { type Engine, type EngineChoice, EngineError, type EngineName, parseEngineChoice } from "./engine.ts";
import { type EngineCandidate, EngineUnavailable } from "./engine-candidate.ts";
import { proveEngine } from "./engine-proof.ts";
import { nativeCandidate, nativeGpuCandidate } from "./native/native-candidates.ts";
import { wasmCandidate } from "./wasm-candidate.ts";
import { webgpuCandidate } from "./webgpu-candidate.ts";

/** What selection may be told. */
export interface SelectEngineOptions {
  /**
   * Whether convolutions will be trained. Small dense networks run faster on one thread of the native engine, and
   * get one, unless `threads` or TF_NUM_INTRAOP_THREADS says otherwise. @defaultValue true
   */
  readonly convolutional?: boolean;
  /** Whether "auto" may end on the pure JavaScript engine when nothing else works. @defaultValue false */
  readonly allowCpu?: boolean;
  /**
   * Threads within one operation of the native engine, unless TF_NUM_INTRAOP_THREADS is set. Counts only before the
   * engine is first loaded. @defaultValue one for each core; 1 where `convolutional` is false
   */
  readonly threads?: number;
}

/** All engines, best first. */
export function engineCandidates(
  options: Pick<SelectEngineOptions, "threads" | "convolutional"> = {},
): EngineCandidate[] {
  const threads = options.threads ?? (options.convolutional === false ? 1 : undefined);
  return [nativeGpuCandidate(threads), nativeCandidate(threads), webgpuCandidate(), wasmCandidate(), cpuCandidate()];
}

/**
 * Tries candidates in order, and uses the first that loads, becomes tfjs's current backend and computes a
 * convolution and its gradients right.
 *
 * @param choice - one engine by name, or "auto" for the order of `candidates`.
 * @param candidates - best first; `cpu` counts in "auto" only with `allowCpu`.
 * @param prove - run on the current backend; throws when it computes something wrong.
 * @throws EngineError when none is left, with the reason of each and the command that mends the first.
 */
export async function selectAmong(
  choice: EngineChoice,
  candidates: readonly EngineCandidate[],
  { allowCpu = false }: SelectEngineOptions = {},
  prove: () => Promise<void> = proveEngine,
): Promise<Engine> {
  const wanted = candidates.filter(({ name }) => (choice === "auto" ? name !== "cpu" || allowCpu : name === choice));
  const previous = getBackend();
  const rejected: { readonly name: EngineName; readonly problem: string; readonly remedy: string | undefined }[] = [];
  for (const candidate of wanted) {
    try {
      const description = await activate(candidate, prove);
      const reason = choice === "auto" ? autoReason(rejected) : "asked for by name";
      return { name: candidate.name, tfjsBackend: candidate.tfjsBackend, description, reason };
    } catch (error) {
      rejected.push({
        name: candidate.name,
        problem: (error as Error).message,
        remedy: error instanceof EngineUnavailable ? error.remedy : undefined,
      });
    }
  }
  // A failed candidate may have become current: leave the process as it was.
  if (previous !== undefined && previous !== getBackend()) await setBackend(previous);
  const reasons = rejected.map(({ name, problem }) => `${name}: ${problem}`).join("; ");
  const problem =
    choice === "auto"
      ? `No engine works on this machine (${reasons}).`
      : (rejected[0]?.problem ?? "there is no such engine here");
  throw new EngineError(choice, problem, rejected.find(({ remedy }) => remedy !== undefined)?.remedy);
}

/** The choice of `DIVGEN_ENGINE`, "auto" when it is not set. */
export function defaultEngineChoice(environment: NodeJS.ProcessEnv = process.env): EngineChoice {
  const value = environment["DIVGEN_ENGINE"];
  return value === undefined || value === "" ? "auto" : parseEngineChoice(value);
}

async function activate(candidate: EngineCandidate, prove: () => Promise<void>): Promise<string> {
  enableProdMode(); // silences tfjs's advertisement of tfjs-node
  const description = await candidate.load();
  // setBackend may return false and leave another backend at work; ready() would then start any other.
  const accepted = await setBackend(candidate.tfjsBackend);
  if (!accepted || getBackend() !== candidate.tfjsBackend) {
    throw new EngineUnavailable(`tfjs did not accept its backend "${candidate.tfjsBackend}"`);
  }
  try {
    await prove();
  } catch (error) {
    throw new EngineUnavailable(`it failed the check of its arithmetic: ${(error as Error).message}`, undefined, {
      cause: error,
    });
  }
  return description;
}

function autoReason(rejected: readonly { readonly name: EngineName; readonly problem: string }[]): string {
  if (rejected.length === 0) return "the fastest engine there is, and it works here";
  return `the fastest that works here (${rejected.map(({ name, problem }) => `${name}: ${problem}`).join("; ")})`;
}

/**
 * Chooses the engine of this process and makes it tfjs's current backend.
 *
 * "auto" tries native-gpu, native, webgpu and wasm in this order and never falls to cpu silently. Whatever
 * is chosen has just computed a convolution and its gradients right, and `getBackend()` is its backend.
 *
 * @param choice - an engine by name, or "auto"; without, `DIVGEN_ENGINE`, else "auto".
 * @throws EngineError with the reason and the command that mends it.
 */
export async function selectEngine(
  choice: EngineChoice = defaultEngineChoice(),
  options: SelectEngineOptions = {},
): Promise<Engine> {
  return selectAmong(choice, engineCandidates(options), options);
}
