import { type RandomKey, uniformFloat64 } from "@divgen/random";

/** Draws one after another from one key, for code whose number of draws depends on what it drew. */
export interface Draws {
  /** From [0, 1). */
  unit(): number;
  /** From [minimum, maximum). */
  between(minimum: number, maximum: number): number;
  /** An integer, both ends included. */
  integer(minimum: number, maximum: number): number;
  chance(probability: number): boolean;
  pick<Item>(items: readonly Item[]): Item;
}

const BLOCK = 64;

/** The draws of a key: equal keys give equal sequences. */
export function createDraws(key: RandomKey): Draws {
  let block = 0;
  let position = BLOCK;
  let units: Float64Array = new Float64Array(0);
  const unit = (): number => {
    if (position === BLOCK) {
      units = uniformFloat64(key.fold(block++), BLOCK);
      position = 0;
    }
    return units[position++]!;
  };
  return {
    unit,
    between: (minimum, maximum) => minimum + unit() * (maximum - minimum),
    integer: (minimum, maximum) => minimum + Math.floor(unit() * (maximum - minimum + 1)),
    chance: (probability) => unit() < probability,
    pick: (items) => items[Math.floor(unit() * items.length)]!,
  };
}
