/**
 * What a station of the line works under and how it ends, `(options, work) => Promise<Outcome<Report>>`; how Ctrl-C is
 * heard while it works.
 */
import type { Reporter } from './reporter.ts';

export interface Work {
  /** Aborted by Ctrl-C or SIGTERM: finish what is in hand, leave valid state, return. */
  readonly signal: AbortSignal;
  readonly report: Reporter;
}

/**
 * `interrupted`: by the signal; what the folder holds is valid, and the same call goes on. `Stopped`: what is told then,
 * where that is less.
 */
export type Outcome<Report, Stopped = Report> =
  | { readonly outcome: 'written' | 'nothing_new'; readonly report: Report }
  | { readonly outcome: 'interrupted'; readonly report: Stopped };

/** Between two steps of synchronous work: the event loop, and with it Ctrl-C, has its turn. */
export const breathe = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Short steps go on for this long. */
const BREATH_MS = 50;

/** The same between short steps: now and then, true when it did. Throws the reason of an aborted signal. */
export function breather(signal: AbortSignal | undefined): () => Promise<boolean> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < BREATH_MS) return false;
    await breathe();
    signal?.throwIfAborted();
    last = performance.now();
    return true;
  };
}
