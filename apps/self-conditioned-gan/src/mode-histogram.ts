import type { Report } from "@divgen/experiment";

/** Modes of as many real images as generated ones, or of all there are; 100 red + 10 green + blue. */
export interface StackedModes {
  readonly generated: ArrayLike<number>;
  readonly real: ArrayLike<number>;
}

/**
 * Adds which of the 1,000 modes stacked digits fall on: the digits of each channel, and how unevenly the modes are hit.
 *
 * @param classifier - name of the one that told the generated digits; real ones are known.
 */
export function addStackedHistograms(report: Report, modes: StackedModes, classifier: string): void {
  const { generated, real } = modes;
  const counts = `${generated.length.toLocaleString("en")} generated images (digits by ${classifier}) and ${real.length.toLocaleString("en")} training images`;
  for (const [channel, divisor] of [
    ["red", 100],
    ["green", 10],
    ["blue", 1],
  ] as const) {
    const bars = (group: string, ids: ArrayLike<number>) =>
      shares(digitsOf(ids, divisor), 10).map((value, digit) => ({ label: String(digit), value, group }));
    report.barPlot({
      caption: `Digits of the ${channel} channel: their shares of ${counts}.`,
      xTitle: "digit",
      yTitle: "share",
      bars: [...bars("generated", generated), ...bars("training images", real)],
    });
  }
  const missing = shares(generated, 1000).filter((share) => share === 0).length;
  report.linePlot({
    caption: `The 1,000 modes from the most frequent to the rarest, 1 standing for an even share, in ${counts}. Modes that no generated one is of: ${missing.toLocaleString("en")}.`,
    xTitle: "modes by their frequency",
    yTitle: "times an even share",
    series: [
      { name: "generated", points: rankedShares(generated) },
      { name: "training images", points: rankedShares(real) },
    ],
  });
}

const digitsOf = (modes: ArrayLike<number>, divisor: number): number[] =>
  Array.from(modes, (mode) => Math.floor(mode / divisor) % 10);

function shares(ids: ArrayLike<number>, count: number): number[] {
  const counts = new Array<number>(count).fill(0);
  for (const id of Array.from(ids)) counts[id]!++;
  return counts.map((one) => one / ids.length);
}

/** Rank from 1 with 1,000 times the share: even modes are all at 1. */
function rankedShares(modes: ArrayLike<number>): [rank: number, multiple: number][] {
  return shares(modes, 1000)
    .sort((a, b) => b - a)
    .map((share, index) => [index + 1, 1000 * share]);
}
