import { formatDuration } from "@divgen/experiment";
import type { CommandOutput } from "./command-output.ts";

/** Shows how far a task is. */
export interface TaskProgress {
  /** @param done - parts done so far. */
  update(done: number): void;
}

/** A task of known size. */
export interface Task {
  /** Such as "features of generated/". */
  readonly name: string;
  readonly total: number;
  /** Plural, such as "images". */
  readonly unit: string;
}

const BAR_WIDTH = 24;

/**
 * Progress with rate and remaining time: a bar on a terminal, elsewhere one JSON line a second, both on standard error.
 * The last line always comes.
 *
 * @param clock - milliseconds that never go back.
 */
export function createTaskProgress(
  output: CommandOutput,
  { name, total, unit }: Task,
  clock: () => number = () => performance.now(),
): TaskProgress {
  const start = clock();
  let lastShown = start;
  return {
    update: (done) => {
      const now = clock();
      const isLast = done >= total;
      if (!isLast && now - lastShown < (output.watched ? 100 : 1000)) return;
      lastShown = now;
      const seconds = (now - start) / 1000;
      const perSecond = seconds > 0 ? done / seconds : 0;
      const secondsLeft = perSecond > 0 ? (total - done) / perSecond : 0;
      if (output.watched) {
        const filled = Math.round((BAR_WIDTH * done) / total);
        const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
        const left = isLast ? `in ${formatDuration(seconds)}` : `${formatDuration(secondsLeft)} left`;
        output.status(`${name} ${bar} ${done}/${total} ${unit} | ${perSecond.toPrecision(3)} ${unit}/s | ${left}`);
      } else {
        const rounded = (value: number): number => Math.round(value * 10) / 10;
        output.note(
          JSON.stringify({
            ...{ kind: "progress", task: name, done, total, unit },
            ...{ perSecond: rounded(perSecond), secondsLeft: rounded(secondsLeft) },
          }),
        );
      }
    },
  };
}
