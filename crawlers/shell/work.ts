/**
 * What a station of the line works under and how it ends, `(options, work) => Promise<Outcome<Report>>`; how Ctrl-C is
 * heard while it works; what whoever verifies its folder finds.
 */
import { statSync } from 'node:fs';
import { badInput, reasonOf, ToolkitError } from './errors.ts';
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

/** Which of several processes that share a work this one is. */
export interface Rank {
  /** From 0. */
  readonly index: number;
  readonly of: number;
}

/**
 * From the environment: `VUA_RANK` and `VUA_WORLD_SIZE`; a task of a Slurm array; a pod of an indexed Job of Kubernetes, whose
 * number of pods nobody tells but `VUA_WORLD_SIZE`. A retry of some tasks of an array counts only those, so it wants that too.
 * @throws ToolkitError BAD_OPTION (exit 2) where the two do not fit
 */
export function rankOf(env: NodeJS.ProcessEnv = process.env): Rank {
  const first = Number(env.SLURM_ARRAY_TASK_MIN ?? 0);
  const slurm = env.SLURM_ARRAY_TASK_ID === undefined ? undefined : String(Number(env.SLURM_ARRAY_TASK_ID) - first);
  const index = env.VUA_RANK ?? slurm ?? env.JOB_COMPLETION_INDEX;
  const of = env.VUA_WORLD_SIZE ?? (env.VUA_RANK === undefined ? env.SLURM_ARRAY_TASK_COUNT : undefined);
  if (index === undefined) return { index: 0, of: 1 };
  const rank = { index: Number(index), of: Number(of) };
  if (/^\d+$/.test(index) && /^[1-9]\d*$/.test(of ?? '') && rank.index < rank.of) return rank;
  throw badInput(
    'BAD_OPTION',
    `rank ${index} of ${of ?? 'nobody knows how many'}`,
    'set VUA_WORLD_SIZE to the number of all ranks',
  );
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
