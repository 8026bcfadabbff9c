/**
 * Runs work that can be stopped with Ctrl-C or a termination signal: the first one fires the abort signal, so that
 * the work can clean up and end; the second one ends the process at once.
 *
 * @returns what the work returns, and the signal that arrived, if one did.
 */
export async function withInterruption<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<{ readonly result: Result; readonly interruptedBy: NodeJS.Signals | undefined }> {
  const controller = new AbortController();
  let interruptedBy: NodeJS.Signals | undefined;
  const interrupt = (signal: NodeJS.Signals): void => {
    if (interruptedBy !== undefined) process.exit(130);
    interruptedBy = signal;
    controller.abort();
  };
  const signals: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, interrupt);
  try {
    const result = await work(controller.signal);
    return { result, interruptedBy };
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
}
