import { DataError } from "@divgen/core-tensors";
import type { TrainingState } from "@divgen/training";
import type { CheckpointManifest, Shapes } from "./checkpoint-manifest.ts";

type Named = ReadonlyMap<string, { readonly shape: readonly number[] }>;

/**
 * Checks that a checkpoint holds exactly the arrays that a state has, before any is changed.
 *
 * Slots of an optimizer that has made no update yet are unknown, so anything is accepted there; so are the arrays of
 * an extra, which checks them itself.
 *
 * @throws DataError that lists what is missing, unexpected and misshapen.
 */
export function assertMatches(manifest: CheckpointManifest, state: TrainingState, path: string): void {
  const problems = new Problems();
  problems.compareNames("network", Object.keys(manifest.networks), Object.keys(state.networks));
  problems.compareNames("optimizer", Object.keys(manifest.optimizers), Object.keys(state.optimizers));
  problems.compareNames("extra state", Object.keys(manifest.extras), Object.keys(state.extras));

  for (const [name, network] of Object.entries(state.networks)) {
    const saved = manifest.networks[name];
    if (saved === undefined) continue;
    problems.compareShapes(`${name}: parameter`, saved.parameters, network.parameters);
    problems.compareShapes(`${name}: buffer`, saved.buffers, network.buffers);
  }
  for (const [name, optimizer] of Object.entries(state.optimizers)) {
    const saved = manifest.optimizers[name];
    if (saved === undefined || optimizer.slots.size === 0) continue;
    problems.compareShapes(`${name}: optimizer slot`, saved.slots, optimizer.slots);
  }
  problems.throwIfAny(path);
}

const LISTED = 8;

class Problems {
  private readonly lists: Readonly<Record<"missing" | "unexpected" | "misshapen", string[]>> = {
    missing: [],
    unexpected: [],
    misshapen: [],
  };

  compareNames(kind: string, saved: readonly string[], expected: readonly string[]): void {
    for (const name of expected) if (!saved.includes(name)) this.lists.missing.push(`${kind} "${name}"`);
    for (const name of saved) if (!expected.includes(name)) this.lists.unexpected.push(`${kind} "${name}"`);
  }

  compareShapes(kind: string, saved: Shapes, expected: Named): void {
    this.compareNames(kind, Object.keys(saved), [...expected.keys()]);
    for (const [name, { shape }] of expected) {
      const received = saved[name];
      if (received === undefined) continue;
      if (received.length !== shape.length || received.some((size, axis) => size !== shape[axis])) {
        this.lists.misshapen.push(`${kind} "${name}" (expected [${shape.join(", ")}], got [${received.join(", ")}])`);
      }
    }
  }

  throwIfAny(path: string): void {
    const parts = Object.entries(this.lists).flatMap(([title, list]) => {
      if (list.length === 0) return [];
      const more = list.length > LISTED ? ` and ${list.length - LISTED} more` : "";
      return [`${title}: ${list.slice(0, LISTED).join(", ")}${more}`];
    });
    if (parts.length > 0) throw new DataError(`the checkpoint ${path} does not fit the model; ${parts.join("; ")}`);
  }
}
