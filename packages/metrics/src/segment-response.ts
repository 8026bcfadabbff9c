/** How much each segment of an image changes when one knob moves. */
export interface SegmentResponse {
  readonly classCount: number;
  /** [knob, segment], row-major: mean absolute change; NaN where no layout had both classes. */
  readonly changes: Float64Array;
  /** Layouts behind each entry. */
  readonly layouts: Int32Array;
  /** Mean of the diagonal: each knob's own segment. */
  readonly own: number;
  /** Mean of all else. */
  readonly others: number;
  /** `own / others`: how well noise is linked to segments; infinite if nothing else changes, 0 if nothing at all does. */
  readonly linking: number;
}

/** Gathers changes, layout by layout. */
export interface SegmentResponseAccumulator {
  /**
   * Adds what moving one knob did to one layout's image.
   *
   * @param knob - class whose noise moved; it must be in the layout.
   * @param changes - absolute change of each pixel, averaged over channels.
   * @param labels - class of each pixel; 255 for none.
   */
  add(knob: number, changes: ArrayLike<number>, labels: ArrayLike<number>): void;
  /** @throws RangeError if nothing was added, or no layout had two classes. */
  compute(): SegmentResponse;
}

/**
 * The response matrix R[c][c']: the mean change of segment c' when only knob c moves, each layout's segment mean counting
 * once. Entries that no layout could show do not count in the means.
 *
 * @throws RangeError for a class count below 2.
 */
export function createSegmentResponse(classCount: number): SegmentResponseAccumulator {
  if (!Number.isInteger(classCount) || classCount < 2) {
    throw new RangeError(`classCount: expected an integer >= 2, got ${classCount}`);
  }
  const sums = new Float64Array(classCount * classCount);
  const layouts = new Int32Array(classCount * classCount);
  return {
    add: (knob, changes, labels) => {
      if (changes.length !== labels.length) {
        throw new RangeError(`changes: expected ${labels.length} pixels, got ${changes.length}`);
      }
      const totals = new Float64Array(classCount);
      const pixels = new Int32Array(classCount);
      for (let pixel = 0; pixel < labels.length; pixel++) {
        const label = labels[pixel]!;
        if (label === 255) continue;
        if (!(label < classCount)) {
          throw new RangeError(`labels: expected classes in [0, ${classCount}), got ${label} at pixel ${pixel}`);
        }
        totals[label]! += changes[pixel]!;
        pixels[label]!++;
      }
      if (!(pixels[knob]! > 0)) throw new RangeError(`knob: expected a class of the layout, got ${knob}`);
      for (let segment = 0; segment < classCount; segment++) {
        if (pixels[segment] === 0) continue;
        sums[knob * classCount + segment]! += totals[segment]! / pixels[segment]!;
        layouts[knob * classCount + segment]!++;
      }
    },
    compute: () => {
      const changes = sums.map((sum, index) => sum / layouts[index]!);
      const meanOf = (isWanted: (knob: number, segment: number) => boolean, what: string) => {
        const wanted = changes.filter(
          (change, index) => !Number.isNaN(change) && isWanted(Math.floor(index / classCount), index % classCount),
        );
        if (wanted.length === 0) throw new RangeError(`responses: expected ${what}, got none`);
        return wanted.reduce((sum, change) => sum + change, 0) / wanted.length;
      };
      const own = meanOf((knob, segment) => knob === segment, "at least one knob");
      const others = meanOf((knob, segment) => knob !== segment, "a layout of two classes");
      const linking = own === 0 ? 0 : own / others;
      return { classCount, changes, layouts: layouts.slice(), own, others, linking };
    },
  };
}
