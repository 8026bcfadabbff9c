/** Number of letters to insert, delete, replace or swap with a neighbour to get from one text to the other. */
export function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(replaced, previous[j]! + 1, current[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, beforePrevious[j - 2]! + 1);
      }
      current.push(best);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length]!;
}

/**
 * The candidate that a mistyped name most likely means, by edit distance without regard to case. A dotted candidate is
 * also compared by its last part, so that "batchSize" finds "training.batchSize".
 *
 * @returns `undefined` if there are no candidates.
 */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  const wanted = name.toLowerCase();
  const lastWanted = lastPart(wanted);
  let nearest: string | undefined;
  let nearestCost = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const full = candidate.toLowerCase();
    // Half a letter more for the wrong place, so that the right place wins between equal last parts.
    const cost = Math.min(editDistance(wanted, full), editDistance(lastWanted, lastPart(full)) + 0.5);
    if (cost < nearestCost) {
      nearest = candidate;
      nearestCost = cost;
    }
  }
  return nearest;
}

/**
 * " Did you mean NAME?" for the end of a message; nothing where no candidate is like the name, since a wrong guess misleads.
 * Half of the letters, at least, must be right.
 */
export function spellingHint(name: string, candidates: readonly string[]): string {
  const nearest = nearestName(name, candidates);
  if (nearest === undefined) return "";
  const cost = editDistance(name.toLowerCase(), nearest.toLowerCase());
  return cost <= Math.max(name.length, nearest.length) / 2 ? ` Did you mean ${nearest}?` : "";
}

function lastPart(dotted: string): string {
  return dotted.slice(dotted.lastIndexOf(".") + 1);
}
