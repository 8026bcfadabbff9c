import type { ProgressEvent, TrainingEvent } from "@divgen/training";
import { SingleBar } from "cli-progress";

/** Where a command says what it does: text and a progress bar for people, JSON lines for programs. */
export interface Output {
  /** Whether JSON lines are wanted, with `--json`. */
  readonly json: boolean;
  /** Says something once: the record as a JSON line, or the text as a line. */
  note(record: Readonly<Record<string, unknown>>, text: string): void;
  /** Shows how far training is. */
  progress(event: TrainingEvent): void;
  /** Ends the progress bar, if there is one. Notes after it are plain lines. */
  stop(): void;
}

/** The part of a writable stream that output needs; `process.stdout` is one. */
export interface OutputStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** How output is written. */
export interface OutputOptions {
  /** JSON lines only. @defaultValue false */
  readonly json?: boolean;
  /** @defaultValue process.stdout */
  readonly stream?: OutputStream;
  /** Shortest time between two progress lines where there is no terminal. @defaultValue 1 */
  readonly secondsBetweenLines?: number;
  /** Milliseconds of a clock that never goes back. @defaultValue performance.now */
  readonly clock?: () => number;
}

/**
 * Output for a command. On a terminal: lines of text above a progress bar with rate, time left and losses. Elsewhere
 * (a file, a pipe): text lines, and progress as one JSON line a second at most, the last step always. With `json`:
 * JSON lines only.
 */
export function createOutput({
  json = false,
  stream = process.stdout,
  secondsBetweenLines = 1,
  clock = () => performance.now(),
}: OutputOptions = {}): Output {
  const bar = !json && stream.isTTY === true ? createBar(stream as NodeJS.WriteStream) : undefined;
  let lastLine = Number.NEGATIVE_INFINITY;
  return {
    json,
    note: (record, text) => {
      const line = json ? JSON.stringify(record) : text;
      if (bar?.isActive()) bar.line(line);
      else stream.write(`${line}\n`);
    },
    progress: (event) => {
      if (bar !== undefined) {
        bar.show(event);
      } else if (event.kind === "progress") {
        const now = clock();
        if (event.step < event.steps && now - lastLine < secondsBetweenLines * 1000) return;
        lastLine = now;
        stream.write(`${JSON.stringify(event)}\n`);
      }
    },
    stop: () => bar?.stop(),
  };
}

/** "3.2 steps/s" or, where steps are slow, "4.1 s/step". */
export function formatRate(secondsPerStep: number): string {
  return secondsPerStep > 0 && secondsPerStep < 1
    ? `${significant(1 / secondsPerStep)} steps/s`
    : `${significant(secondsPerStep)} s/step`;
}

/** "45 s", "3 min 05 s", "2 h 07 min", "3 d 04 h". */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${two((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86400)} d ${two((whole % 86400) / 3600)} h`;
}

function significant(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(2).replace(/e\+?(-?\d+)$/, "e$1");
}

interface Bar {
  isActive(): boolean;
  line(text: string): void;
  show(event: TrainingEvent): void;
  stop(): void;
}

function createBar(stream: NodeJS.WriteStream): Bar {
  let bar: SingleBar | undefined;
  let last: ProgressEvent | undefined;
  const stop = (): void => {
    if (bar === undefined || last === undefined) return;
    bar.stop();
    bar = undefined;
    // The bar is wiped; how far it came stays as a line.
    const { rate, losses } = payloadOf(last);
    stream.write(`${last.step} of ${last.steps} steps | ${rate} | ${losses}\n`);
  };
  return {
    isActive: () => bar !== undefined,
    line: (text) => {
      bar?.stop();
      stream.write(`${text}\n`);
      bar?.start(last!.steps, last!.step, payloadOf(last!));
    },
    show: (event) => {
      if (event.kind === "finished" || event.kind === "interrupted") stop();
      if (event.kind !== "progress") return;
      last = event;
      if (bar === undefined) {
        bar = createSingleBar(stream);
        bar.start(event.steps, event.step, payloadOf(event));
      } else {
        bar.update(event.step, payloadOf(event));
      }
    },
    stop,
  };
}

function createSingleBar(stream: NodeJS.WriteStream): SingleBar {
  return new SingleBar({
    stream,
    format: "{bar} {percentage}% | {value}/{total} steps | {rate} | {left} left | {losses}",
    barsize: 24,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    hideCursor: true,
    // Ctrl-C belongs to the program, which saves first.
    gracefulExit: false,
    clearOnComplete: true,
    linewrap: false,
  });
}

function payloadOf(event: ProgressEvent): { readonly rate: string; readonly left: string; readonly losses: string } {
  const losses = Object.entries(event.losses).map(([name, value]) => `${name} ${significantLoss(value)}`);
  return {
    rate: formatRate(event.secondsPerStep),
    left: formatDuration(event.secondsLeft),
    losses: losses.join("  "),
  };
}

function significantLoss(value: number): string {
  return Number(value.toPrecision(3)).toString();
}
