// Node and browsers both have it; the ES library, which is all that this package may assume, does not declare it.
declare function setTimeout(callback: () => void, milliseconds: number): unknown;

/** Lets timers, signals and the browser have their turn. */
export function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}
