/**
 * What a station of the line works under and how it ends, `(options, work) => Promise<Outcome<Report>>`; how Ctrl-C is
 * heard while it works; what whoever verifies its folder finds.
 */
import { statSync } from 'node:fs';
import { reasonOf, ToolkitError } from './errors.ts';
import type { Progress, Reporter } from './reporter.ts';

export interface Work {
  /** Aborted by Ctrl-C and the other signals of signals.ts: finish what is in hand, leave valid state, return. */
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

export interface Fault {
  /** The file at fault. */
  readonly file: string;
  /** What was checked: `shard`, `checksum`, `utf8`, `nfc`, `id`, `split`, … */
  readonly check: string;
  /** The first case: what was found, what was expected. */
  readonly message: string;
  /** How many cases of this check in this file. */
  count: number;
}

/** Gathers faults, one entry per file and check. */
export class Findings {
  readonly faults: Fault[] = [];
  /** What is no fault and should be said: a model that still grows, for instance. */
  readonly notes: string[] = [];
  readonly counts = { files: 0, bytes: 0, documents: 0, rejects: 0, tokens: 0, records: 0, checkpoints: 0 };
  readonly signal: AbortSignal;
  readonly #progress: Progress;

  constructor(signal: AbortSignal, progress: Progress) {
    this.signal = signal;
    this.#progress = progress;
  }

  add(file: string, check: string, message: string): void {
    const known = this.faults.find((fault) => fault.file === file && fault.check === check);
    if (known) known.count++;
    else this.faults.push({ file, check, message, count: 1 });
  }

  /** Runs `read` over one file: an error that it throws is a fault of the file, and what follows is still checked. */
  async file(path: string, check: string, read: () => unknown): Promise<void> {
    if (this.signal.aborted) return;
    await breathe();
    try {
      await read();
    } catch (error) {
      if (!(error instanceof ToolkitError)) throw error;
      this.add(path, check, reasonOf(error));
    }
    this.counts.files++;
    this.counts.bytes += statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    this.#progress.update(this.counts.bytes, { faults: this.faults.length });
  }
}

/** Checks one kind of folder, given itself or the folder of the run around it. Returns whether there was one. */
export type Verifier = (dir: string, findings: Findings) => Promise<boolean>;

/** The work of a program that nobody interrupts and that shows no progress: what a station takes where none is given. */
export const unattended = (): Work => ({
  signal: new AbortController().signal,
  report: { json: false, stage: () => ({ update() {}, finish() {} }), note() {}, result() {} },
});
