/** The paper's Table 2 (means of five runs; packs of points as its source reports them). */
const stacked = (modes: number, kl: number) => ({ modes, "reverse-kl": kl });

/** The paper's Table 1 (means of ten runs) by data set, method and metric; its share of high quality is by the disc. */
const numbers = (modes: number, quality: number, kl: number) => ({
  modes,
  "high-quality-share-disc": quality / 100,
  "reverse-kl": kl,
});

export type PaperTable = Readonly<Record<string, Readonly<Record<string, number>>>>;

export const paperTables: Readonly<Partial<Record<string, PaperTable>>> = {
  ring: {
    gan: numbers(6.3, 98.2, 0.45),
    pacgan2: numbers(7.9, 95.6, 0.07),
    pacgan3: numbers(7.8, 97.7, 0.1),
    pacgan4: numbers(7.8, 95.9, 0.07),
    mgan: numbers(7.6, 80.3, 0.32),
    "random-labels": numbers(7.9, 96.3, 0.07),
    "self-conditioned": numbers(8.0, 99.5, 0.0014),
    online: numbers(8.0, 99.9, 0.00349),
  },
  grid: {
    gan: numbers(17.3, 94.8, 0.7),
    pacgan2: numbers(23.8, 91.3, 0.13),
    pacgan3: numbers(24.6, 94.2, 0.06),
    pacgan4: numbers(24.8, 93.6, 0.04),
    mgan: numbers(22.5, 51.1, 0.36),
    "random-labels": numbers(16.0, 90.6, 0.57),
    "self-conditioned": numbers(25.0, 99.5, 0.0063),
    online: numbers(25.0, 99.1, 0.00122),
  },
  "stacked-mnist": {
    gan: stacked(133.4, 2.97),
    pacgan2: stacked(1000, 0.06),
    pacgan3: stacked(1000, 0.06),
    pacgan4: stacked(1000, 0.07),
    "random-labels": stacked(240, 2.9),
    online: stacked(995.8, 0.17),
    "self-conditioned": stacked(1000, 0.08),
    "supervised-init": stacked(1000, 0.08),
    "class-conditional": stacked(1000, 0.08),
    "logo-ae": stacked(1000, 0.09),
    "logo-rc": stacked(1000, 0.08),
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
