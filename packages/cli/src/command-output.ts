/** Where a command writes: results to standard output, everything else to standard error. */
export interface CommandOutput {
  /** A line of the result. */
  result(line: string): void;
  /** A line about what goes on. */
  note(line: string): void;
  /** A line that the next one replaces; nothing where nobody watches. */
  status(line: string): void;
  /** Whether somebody watches: standard error is a terminal. */
  readonly watched: boolean;
}

/** The output of this process. */
export function processOutput(): CommandOutput {
  const watched = process.stderr.isTTY === true;
  let open = false;
  const clear = (): void => {
    if (open) process.stderr.write("\r\u001b[K");
    open = false;
  };
  return {
    watched,
    result: (line) => {
      clear();
      process.stdout.write(`${line}\n`);
    },
    note: (line) => {
      clear();
      process.stderr.write(`${line}\n`);
    },
    status: (line) => {
      if (!watched) return;
      process.stderr.write(`\r\u001b[K${line.slice(0, (process.stderr.columns ?? 80) - 1)}`);
      open = true;
    },
  };
}
