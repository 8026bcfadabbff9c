import type { ComparisonTable, PaperNumber } from "@divgen/evaluation";

/** A mean with its standard error where there is one. */
type Stated = number | readonly [mean: number, standardError: number];

const stated = (numbers: Stated, unit = 1): PaperNumber =>
  typeof numbers === "number" ? numbers / unit : { mean: numbers[0] / unit, standardError: numbers[1] / unit };

/** The paper's Table 1 (ten runs): modes, percent of high quality by the disc, reverse KL. */
const points = (modes: Stated, quality: Stated, kl: Stated) => ({
  modes: stated(modes),
  "high-quality-share-disc": stated(quality, 100),
  "reverse-kl": stated(kl),
});

/** The paper's Table 2 (five runs; packs of points as their source reports them): modes, reverse KL. */
const digits = (modes: Stated, kl: Stated) => ({ modes: stated(modes), "reverse-kl": stated(kl) });

export type PaperTable = NonNullable<ComparisonTable["paper"]>;

/** By data set, method and metric. Of online clustering on points the paper's text has means alone. */
export const paperTables: Readonly<Partial<Record<string, PaperTable>>> = {
  ring: {
    gan: points([6.3, 0.5], [98.2, 0.2], [0.45, 0.09]),
    pacgan2: points([7.9, 0.1], [95.6, 2], [0.07, 0.03]),
    pacgan3: points([7.8, 0.1], [97.7, 0.3], [0.1, 0.02]),
    pacgan4: points([7.8, 0.1], [95.9, 1.4], [0.07, 0.02]),
    mgan: points([7.6, 0.2], [80.3, 1.7], [0.32, 0.06]),
    "random-labels": points([7.9, 0.1], [96.3, 1.1], [0.07, 0.02]),
    "self-conditioned": points([8, 0], [99.5, 0.3], [0.0014, 0.0002]),
    online: points(8, 99.9, 0.00349),
  },
  grid: {
    gan: points([17.3, 0.8], [94.8, 0.7], [0.7, 0.07]),
    pacgan2: points([23.8, 0.7], [91.3, 0.8], [0.13, 0.04]),
    pacgan3: points([24.6, 0.4], [94.2, 0.4], [0.06, 0.02]),
    pacgan4: points([24.8, 0.2], [93.6, 0.6], [0.04, 0.01]),
    mgan: points([22.5, 0.6], [51.1, 1.6], [0.36, 0.06]),
    "random-labels": points([16, 1], [90.6, 1.6], [0.57, 0.07]),
    "self-conditioned": points([25, 0], [99.5, 0.1], [0.0063, 0.0007]),
    online: points(25, 99.1, 0.00122),
  },
  "stacked-mnist": {
    gan: digits([133.4, 17.7], [2.97, 0.216]),
    pacgan2: digits([1000, 0], [0.06, 0.003]),
    pacgan3: digits([1000, 0], [0.06, 0.003]),
    pacgan4: digits([1000, 0], [0.07, 0.005]),
    "logo-ae": digits([1000, 0], [0.09, 0.005]),
    "logo-rc": digits([1000, 0], [0.08, 0.006]),
    "random-labels": digits([240, 12.02], [2.9, 0.192]),
    online: digits([995.8, 0.86], [0.17, 0.027]),
    "supervised-init": digits([1000, 0], [0.08, 0.014]),
    "self-conditioned": digits([1000, 0], [0.08, 0.009]),
    "class-conditional": digits([1000, 0], [0.08, 0.003]),
  },
};

/** Steps between the paper's clusterings, by data set. */
export const paperIntervals: Readonly<Record<string, number>> = {
  ring: 10_000,
  grid: 10_000,
  "stacked-mnist": 25_000,
  cifar10: 25_000,
  "image-folder": 75_000,
};
