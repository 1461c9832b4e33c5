/**
 * A loader in another thread. The worker fills slots of one SharedArrayBuffer, this thread copies them out in order:
 *
 *   control  │ filled │ taken │ ended │            counts since the start; Atomics wake whoever waits, nobody spins
 *   slot 0   │ counted, epoch, position │ tokens N │ targets N │ order N │ starts V + 1 │ (documentStarts N) │
 *   slot 1   │ …
 *
 * Copied (20 GB/s), because Dawn in Node refuses shared memory in writeBuffer; and so a slot is free again at once.
 * Node and pages differ only in how a worker is started: `loader-thread.ts`, `loader-worker.ts`.
 */
import { reasonOf, ToolkitError, type ToolkitErrorFields } from '../../crawlers/shell/errors.ts';
import { reopenTokens, type TokenFolder } from '../../shards/tokens/source.ts';
import type { Batch, BatchArrays } from '../batch.ts';
import { batchArrays, type Loader, type LoaderPlan, openLoader, rowsOf } from './loader.ts';
import { RowSequence } from './row-sequence.ts';

/** Batches that are ready ahead of the trainer. */
export const SLOTS = 4;

/** What a worker is given: plain data, and memory that both see. */
export interface LoaderJob {
  readonly plan: LoaderPlan;
  readonly folders: readonly Pick<TokenFolder, 'manifest' | 'where'>[];
  readonly memory: SharedArrayBuffer;
}

/** What a worker says once, when it cannot go on. */
export type LoaderFailure = ToolkitErrorFields;

/** A running worker: `failure` rejects with what it said, or with how it ended. */
export interface LoaderThread {
  readonly failure: Promise<never>;
  stop(): Promise<void>;
}

const FILLED = 0;
const TAKEN = 1;
const ENDED = 2;
const CONTROL_BYTES = 64;
const HEAD_BYTES = 32;

// Node 20 and pages have it; TypeScript's library names it from ES2024 on.
type WaitAsync = (array: Int32Array, index: number, value: number) => { readonly value: string | Promise<string> };
const { waitAsync } = Atomics as unknown as { waitAsync: WaitAsync };

class Ring {
  readonly #control: Int32Array;
  readonly #slots: { head: Float64Array; arrays: Partial<Record<keyof BatchArrays, Uint32Array>> }[];

  constructor(memory: SharedArrayBuffer, plan: LoaderPlan) {
    this.#control = new Int32Array(memory, 0, CONTROL_BYTES / 4);
    const { bytes, parts } = slotOf(plan);
    this.#slots = Array.from({ length: SLOTS }, (_, slot) => {
      let at = CONTROL_BYTES + slot * bytes;
      const head = new Float64Array(memory, at, HEAD_BYTES / 8);
      at += HEAD_BYTES;
      const arrays: Partial<Record<keyof BatchArrays, Uint32Array>> = {};
      for (const [name, elements] of parts) {
        arrays[name] = new Uint32Array(memory, at, elements);
        at += elements * 4;
      }
      return { head, arrays };
    });
  }

  static memory(plan: LoaderPlan): SharedArrayBuffer {
    return new SharedArrayBuffer(CONTROL_BYTES + SLOTS * slotOf(plan).bytes);
  }

  /** Resolves to false when the other side has ended. */
  async waitForSpace(): Promise<boolean> {
    for (;;) {
      const taken = Atomics.load(this.#control, TAKEN);
      if (Atomics.load(this.#control, ENDED)) return false;
      if (Atomics.load(this.#control, FILLED) - taken < SLOTS) return true;
      await waitAsync(this.#control, TAKEN, taken).value;
    }
  }

  put(batch: Batch): void {
    const { head, arrays } = this.#slots[Atomics.load(this.#control, FILLED) % SLOTS];
    head.set([batch.counted, batch.state.epoch, batch.state.position]);
    for (const [name, part] of Object.entries(arrays)) part.set(batch[name as keyof BatchArrays]);
    Atomics.add(this.#control, FILLED, 1);
    Atomics.notify(this.#control, FILLED);
  }

  /** Resolves to false when the other side has ended and everything before its end was taken. */
  async waitForBatch(): Promise<boolean> {
    for (;;) {
      const filled = Atomics.load(this.#control, FILLED);
      if (filled > Atomics.load(this.#control, TAKEN)) return true;
      if (Atomics.load(this.#control, ENDED)) return false;
      await waitAsync(this.#control, FILLED, filled).value;
    }
  }

  take(into: Required<BatchArrays>): { counted: number; epoch: number; position: number } {
    const { head, arrays } = this.#slots[Atomics.load(this.#control, TAKEN) % SLOTS];
    const [counted, epoch, position] = head;
    for (const [name, part] of Object.entries(arrays)) into[name as keyof BatchArrays].set(part);
    Atomics.add(this.#control, TAKEN, 1);
    Atomics.notify(this.#control, TAKEN);
    return { counted, epoch, position };
  }

  end(): void {
    Atomics.store(this.#control, ENDED, 1);
    Atomics.notify(this.#control, FILLED);
    Atomics.notify(this.#control, TAKEN);
  }
}

function slotOf(plan: LoaderPlan): { bytes: number; parts: [keyof BatchArrays, number][] } {
  const [from, to] = rowsOf(plan);
  const N = (to - from) * plan.length;
  const parts: [keyof BatchArrays, number][] = [
    ['tokens', N],
    ['targets', N],
    ['order', N],
    ['starts', plan.paddedVocab + 1],
    ...(plan.maskDocuments ? [['documentStarts', N] as [keyof BatchArrays, number]] : []),
  ];
  const elements = parts.reduce((sum, [, count]) => sum + count, 0);
  return { bytes: HEAD_BYTES + Math.ceil(elements / 2) * 8, parts };
}

/** The worker's side: fills slots until the trainer ends or something cannot be read, which it says. */
export async function fillRing(
  { plan, folders, memory }: LoaderJob,
  say: (failure: LoaderFailure) => void,
): Promise<void> {
  const ring = new Ring(memory, plan);
  try {
    const opened = await Promise.all(folders.map(({ where, manifest }) => reopenTokens(where, manifest)));
    const sources = opened.map((folder) => folder.source('train'));
    const loader = openLoader(sources, plan);
    while (await ring.waitForSpace()) ring.put(await loader.next());
  } catch (error) {
    const { code, message, hint, exitStatus } =
      error instanceof ToolkitError
        ? error
        : { code: 'LOADER_FAILED', message: reasonOf(error), hint: undefined, exitStatus: 1 as const };
    say({ code, message, hint, exitStatus });
    ring.end();
  }
}

/**
 * Starts a worker with `start` and gives its batches. Close it, or its thread keeps the process alive.
 * @throws ToolkitError as `openLoader`
 */
export function openRing(
  folders: readonly TokenFolder[],
  plan: LoaderPlan,
  start: (job: LoaderJob) => LoaderThread,
): Loader {
  const sequence = new RowSequence(
    folders.map((folder) => folder.source('train')),
    plan,
  );
  sequence.numberAt(plan.state); // refuses the state of other rows here, not in the worker
  const memory = Ring.memory(plan);
  const job = { plan, folders: folders.map(({ manifest, where }) => ({ manifest, where })), memory };
  const ring = new Ring(memory, plan);
  const thread = start(job);
  const [from, to] = rowsOf(plan);
  const rows = to - from;
  const { length, seed } = plan;
  const arrays = batchArrays(rows * length, plan.paddedVocab);
  thread.failure.catch(() => ring.end()); // also when the worker died without a word
  return {
    sequence,
    async next() {
      if (!(await ring.waitForBatch())) return thread.failure;
      const { counted, epoch, position } = ring.take(arrays);
      const state = { fingerprint: sequence.fingerprint, seed, epoch, position };
      return { ...arrays, rows, length, counted, state };
    },
    async close() {
      ring.end();
      await thread.stop();
    },
  };
}
