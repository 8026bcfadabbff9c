export {
  bernoulli,
  bits,
  categorical,
  choice,
  integers,
  type NormalOptions,
  normal,
  normalFloat64,
  permutation,
  type UniformOptions,
  uniform,
  uniformFloat64,
} from "./distributions.ts";
export { keyFromWords, type RandomKey, randomKey } from "./random-key.ts";
export type { WordPair } from "./threefry.ts";
