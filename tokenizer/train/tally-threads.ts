/**
 * Threads that tally along, one for each further processor.
 *
 *   this thread ── texts ──→ a free slot of a thread          slots: shared memory, two for each thread, filled in turn
 *               └─ none is free: tallies the text itself      state: how many were handed over, how many are done
 *
 * So no thread is ever idle while there is text, and no more text is held than the slots. Threads are started only when
 * there is enough text to be worth it, and take none before they run. What they count adds up to the same whatever the
 * share of each.
 */
import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { startWorker } from '../../crawlers/shell/assets.ts';
import type { TallyResult, TallyTask } from './tally.ts';
import type { TallyTeam } from './tally-texts.ts';

/** Text that this thread tallies before it starts others: less takes it half a second, which is what they cost. */
const START_BYTES = 128 << 20;
const SLOTS = 2;
const SLOT_BYTES = 1 << 20;
/** Bytes before each text in a slot: its length. */
const PREFIX = 4;

/** Places in the shared state: slots handed over, with END behind the last; slots done, NOT_READY until the thread runs. */
export const STATE = { HANDED: 0, DONE: 1, FILLED: 2 } as const;
export const END = 1 << 30;
const NOT_READY = -1;

export interface ThreadData {
  readonly slots: readonly SharedArrayBuffer[];
  /** As STATE says; from FILLED on, bytes in each slot. */
  readonly state: Int32Array<SharedArrayBuffer>;
}

export class TallyThreads implements TallyTeam {
  readonly #members: Member[] = [];
  /** Bytes that other threads took. */
  shared = 0;
  #offered = 0;
  #task: TallyTask | undefined;

  readonly #threads: number;
  readonly #startBytes: number;

  /**
   * @param threads How many in all, this one included.
   * @param startBytes Text after which the others are started.
   */
  constructor(threads = availableParallelism(), startBytes = START_BYTES) {
    this.#threads = threads;
    this.#startBytes = startBytes;
  }

  begin(task: TallyTask): void {
    this.#task = task;
    for (const member of this.#members) member.begin(task);
  }

  take(text: Uint8Array): boolean {
    this.#offered += text.length;
    if (this.#members.length === 0) {
      if (this.#offered >= this.#startBytes) this.#start();
      return false;
    }
    const isTaken = text.length + PREFIX <= SLOT_BYTES && this.#members.some((member) => member.take(text));
    if (isTaken) this.shared += text.length;
    return isTaken;
  }

  finish(): Promise<TallyResult[]> {
    return Promise.all(this.#members.map((member) => member.finish()));
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.close()));
  }

  #start(): void {
    for (let i = 1; i < this.#threads; i++) {
      const member = new Member();
      member.begin(this.#task!);
      this.#members.push(member);
    }
  }
}

class Member {
  readonly #data: ThreadData = {
    slots: Array.from({ length: SLOTS }, () => new SharedArrayBuffer(SLOT_BYTES)),
    state: new Int32Array(new SharedArrayBuffer(4 * (STATE.FILLED + SLOTS))),
  };
  readonly #views = this.#data.slots.map((slot) => ({ bytes: new Uint8Array(slot), view: new DataView(slot) }));
  readonly #worker: Worker;
  #result: Promise<TallyResult> | undefined;
  #handed = 0;
  /** Bytes in the slot that is being filled. */
  #filled = 0;

  constructor() {
    this.#worker = startWorker(new URL('./tally-thread.ts', import.meta.url), { workerData: this.#data });
  }

  begin(task: TallyTask): void {
    const { state } = this.#data;
    state.fill(0);
    state[STATE.DONE] = NOT_READY;
    this.#handed = 0;
    this.#filled = 0;
    this.#result = new Promise((resolve, reject) => {
      this.#worker.once('message', resolve);
      this.#worker.once('error', reject);
    });
    this.#result.catch(() => {}); // `finish` throws it
    this.#worker.postMessage(task);
  }

  take(text: Uint8Array): boolean {
    if (this.#filled + PREFIX + text.length > SLOT_BYTES) this.#handOver();
    const done = Atomics.load(this.#data.state, STATE.DONE);
    if (done === NOT_READY || this.#handed - done === SLOTS) return false;
    const { bytes, view } = this.#views[this.#handed % SLOTS];
    view.setUint32(this.#filled, text.length, true);
    bytes.set(text, this.#filled + PREFIX);
    this.#filled += PREFIX + text.length;
    return true;
  }

  finish(): Promise<TallyResult> {
    if (this.#filled > 0) this.#handOver();
    this.#tell(this.#handed | END);
    return this.#result!;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #handOver(): void {
    this.#data.state[STATE.FILLED + (this.#handed % SLOTS)] = this.#filled;
    this.#filled = 0;
    this.#tell(++this.#handed);
  }

  #tell(handed: number): void {
    Atomics.store(this.#data.state, STATE.HANDED, handed);
    Atomics.notify(this.#data.state, STATE.HANDED);
  }
}
