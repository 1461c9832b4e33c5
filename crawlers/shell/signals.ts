/**
 * Signals that ask a run to stop: it finishes the work in hand, leaves valid state and ends with 130; a second one of any
 * kind ends it at once. `main.ts` imports this file before all others, and it imports nothing, so that the listeners stand
 * as early as they can. On SIGUSR1 a listener also keeps Node from opening its debugger port, to which any user of the
 * machine may connect.
 */
const SIGNALS: readonly NodeJS.Signals[] = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP', // the terminal was closed
  'SIGUSR1', // Slurm's --signal=USR1@120, and USR2: the time is nearly over
  'SIGUSR2',
];
/** INTERRUPTED of command.ts, which is not loaded yet. */
const INTERRUPTED = 130;

const controller = new AbortController();
/** Aborted by the first signal. */
export const stopped: AbortSignal = controller.signal;

for (const signal of SIGNALS) {
  process.on(signal, () => {
    if (stopped.aborted) process.exit(INTERRUPTED);
    controller.abort();
  });
}
