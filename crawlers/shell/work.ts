/** What a station of the line works under, and how it ends: `(options, work) => Promise<Outcome<Report>>`. */
import type { Reporter } from './reporter.ts';

export interface Work {
  /** Aborted by Ctrl-C or SIGTERM: finish what is in hand, leave valid state, return. */
  readonly signal: AbortSignal;
  readonly report: Reporter;
}

export interface Outcome<Report> {
  /** `interrupted`: by the signal; what the folder holds is valid, and the same call goes on. */
  readonly outcome: 'written' | 'nothing_new' | 'interrupted';
  readonly report: Report;
}
