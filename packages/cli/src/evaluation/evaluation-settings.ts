import { spellingHint, UsageError } from "@divgen/experiment";
import { type EvaluationProtocol, type ProtocolName, protocols } from "@divgen/metrics";

/** Everything that decides a value beside the samples and the extractor. */
export interface EvaluationSettings {
  /** "custom", or the protocol that the numbers were made under. */
  readonly protocol: ProtocolName | "custom";
  /** Of bins, subsets and pairs. */
  readonly seed: number;
  /** k of precision, recall, density and coverage. */
  readonly neighbours: number;
  /** Bins of NDB and JSD; null: one for ten reference samples, at most 100. */
  readonly binCount: number | null;
  readonly whitening: boolean;
  /** Subsets of the kernel distance and the samples in each. */
  readonly subsets: number;
  readonly subsetSize: number;
  /** Order of the Vendi score, > 0 or infinite. */
  readonly vendiOrder: number;
  /** Splits of the Inception score. */
  readonly splits: number;
  /** Random pairs for each input; null: 50, or 10,000 where all images belong together. */
  readonly pairCount: number | null;
  /** What the distance of two images is, for pairs. */
  readonly distance: PairDistance;
}

/**
 * Distance of two images: of their feature vectors, of the extractor's maps in the form of LPIPS (without heads), or
 * LPIPS itself.
 */
export type PairDistance = (typeof pairDistanceNames)[number];

const pairDistanceNames = ["euclidean", "perceptual", "lpips-alex", "lpips-vgg", "lpips-squeeze"] as const;

/** The settings as flags; absent ones take their defaults or the protocol's values. */
export interface SettingFlags {
  readonly protocol?: string;
  readonly seed?: string;
  readonly neighbours?: string;
  readonly bins?: string;
  readonly whitening?: boolean;
  readonly subsets?: string;
  readonly subsetSize?: string;
  readonly vendiOrder?: string;
  readonly splits?: string;
  readonly pairs?: string;
  readonly distance?: string;
}

/**
 * Settings from flags. A protocol fixes bins, whitening and pairs: flags that say otherwise are refused.
 *
 * @throws UsageError naming the flag, what it expects and what it got.
 */
export function parseSettings(flags: SettingFlags): EvaluationSettings {
  const protocol = flags.protocol === undefined ? undefined : parseProtocol(flags.protocol);
  const given = {
    binCount: optionalInteger("--bins", flags.bins, 2),
    pairCount: optionalInteger("--pairs", flags.pairs, 1),
    whitening: flags.whitening,
  };
  const pinned = {
    binCount: protocol?.bins?.binCount,
    pairCount: protocol?.pairsPerInput,
    whitening: protocol?.bins?.whitening,
  };
  for (const [flag, name] of [
    ["--bins", "binCount"],
    ["--pairs", "pairCount"],
    ["--whitening", "whitening"],
  ] as const) {
    if (pinned[name] !== undefined && given[name] !== undefined && pinned[name] !== given[name]) {
      throw new UsageError(
        `${flag}: protocol ${protocol!.name} has ${pinned[name]}, got ${given[name]}; leave one of both out`,
      );
    }
  }
  return {
    protocol: protocol?.name ?? "custom",
    seed: optionalInteger("--seed", flags.seed, 0) ?? 0,
    neighbours: optionalInteger("--neighbours", flags.neighbours, 1) ?? 5,
    binCount: pinned.binCount ?? given.binCount ?? null,
    whitening: pinned.whitening ?? given.whitening ?? false,
    subsets: optionalInteger("--subsets", flags.subsets, 1) ?? 100,
    subsetSize: optionalInteger("--subset-size", flags.subsetSize, 2) ?? 1000,
    vendiOrder: parseOrder(flags.vendiOrder ?? "1"),
    splits: optionalInteger("--splits", flags.splits, 1) ?? 10,
    pairCount: pinned.pairCount ?? given.pairCount ?? null,
    distance: parseDistance(flags.distance ?? "euclidean"),
  };
}

function parseDistance(text: string): PairDistance {
  const distance = pairDistanceNames.find((name) => name === text);
  if (distance !== undefined) return distance;
  throw new UsageError(
    `--distance: expected one of ${pairDistanceNames.join(", ")}, got "${text}".${spellingHint(text, pairDistanceNames)}`,
  );
}

/** @throws UsageError unless the text is an integer of at least `least`. */
export function optionalInteger(flag: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === "" || !Number.isSafeInteger(value) || value < least) {
    throw new UsageError(`${flag}: expected an integer >= ${least}, got "${text}"`);
  }
  return value;
}

function parseOrder(text: string): number {
  const order = text === "inf" || text === "infinity" ? Number.POSITIVE_INFINITY : Number(text);
  if (text.trim() === "" || !(order > 0)) {
    throw new UsageError(`--vendi-order: expected a number > 0 or inf, got "${text}"`);
  }
  return order;
}

function parseProtocol(name: string): EvaluationProtocol {
  if (Object.hasOwn(protocols, name)) return protocols[name as ProtocolName];
  const names = Object.keys(protocols);
  throw new UsageError(
    `--protocol: there is no protocol "${name}".${spellingHint(name, names)} All: ${names.join(", ")}`,
  );
}
