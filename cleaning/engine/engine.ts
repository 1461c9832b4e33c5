/**
 * Where pages are read and assessed: in this thread, or on worker threads, page by page the same answers.
 *
 *   pages ─▶ batches (64 pages or 1 MB) ─▶ worker 1 ─┐
 *                                       ─▶ worker 2 ─┴▶ answers in the order of the batches
 *
 * A worker that takes too long or runs out of memory is replaced; the pages of its batch are tried one by one, and the one
 * at fault becomes a drop with a reason. Threads start once there is enough work for them.
 */
import type { Worker } from 'node:worker_threads';
import xxhash, { type XXHashAPI } from 'xxhash-wasm';
import type { Page } from '../../crawlers/page.ts';
import { startWorker } from '../../crawlers/shell/assets.ts';
import { isBinary } from '../binary/open.ts';
import { MAX_BYTES } from '../filters/index.ts';
import { fromWire, toWirePages, type WireAnswers } from './wire.ts';
import { type Answer, answerAny, type EngineSettings, type Refusal, type WorkSettings, workSettings } from './work.ts';

/** Threads start when so many bytes have come in: less is done sooner without them. */
const START_BYTES = 4_000_000;
/** One page counts for no more: those that are refused unread are no work. */
const MOST_COUNTED = 1_000_000;
/** What a worker may use beside the page in hand, in MiB. */
const WORKER_HEAP = 2_048;
/** How long a batch may take: a second for each 100 kB, and half a minute. */
const DEADLINE_MS = 30_000;
const DEADLINE_MS_PER_BYTE = 1 / 100;

export class Engine {
  readonly settings: WorkSettings;
  readonly hash: XXHashAPI;
  readonly #plain: EngineSettings;
  readonly #threads: number;
  readonly #idle: Thread[] = [];
  readonly #waiting: ((thread: Thread) => void)[] = [];
  #started = 0;
  #bytes = 0;

  private constructor(plain: EngineSettings, threads: number, hash: XXHashAPI) {
    this.settings = workSettings(plain);
    this.hash = hash;
    this.#plain = plain;
    this.#threads = threads;
  }

  /** @param threads beside this one */
  static async open(settings: EngineSettings, threads: number): Promise<Engine> {
    return new Engine(settings, threads, await xxhash());
  }

  /** Batches that should be under way at once. */
  get width(): number {
    return this.#started > 0 ? 2 * this.#started : 1;
  }

  /** The answer for one page, at once. */
  answerHere(page: Page): Promise<Answer> {
    return answerAny(page, this.settings, this.hash);
  }

  /** Answers for the pages, in their order. */
  async answer(pages: readonly Page[]): Promise<Answer[]> {
    for (const { body } of pages) this.#bytes += Math.min(body.byteLength, MOST_COUNTED);
    if (pages.length === 0) return [];
    const isHuge = bytesOf(pages) > MAX_BYTES.text; // refused unread: not worth a copy
    // A file of a program may keep its reader busy for ever: only a thread can be left.
    const isSmall = this.#bytes < START_BYTES && !pages.some(isBinary);
    if (this.#threads < 1 || isSmall || isHuge) return this.#allHere(pages);
    while (this.#started < this.#threads) this.#release(this.#start());
    try {
      return await this.#onThread(pages);
    } catch (error) {
      if (!(error instanceof ThreadFault)) throw error;
      if (pages.length === 1) return [{ refused: refusalOf(error, pages[0]) }];
      const answers: Answer[] = [];
      for (const page of pages) answers.push(...(await this.answer([page])));
      return answers;
    }
  }

  async #allHere(pages: readonly Page[]): Promise<Answer[]> {
    const answers: Answer[] = [];
    for (const page of pages) answers.push(await this.answerHere(page));
    return answers;
  }

  async close(): Promise<void> {
    this.#started = 0;
    await Promise.all(this.#idle.splice(0).map((thread) => thread.end()));
  }

  async #onThread(pages: readonly Page[]): Promise<Answer[]> {
    const thread = this.#idle.pop() ?? (await new Promise<Thread>((take) => this.#waiting.push(take)));
    try {
      const answers = await thread.answer(pages);
      this.#release(thread);
      return answers;
    } catch (error) {
      await thread.end();
      this.#started--;
      this.#release(this.#start());
      throw error;
    }
  }

  #start(): Thread {
    this.#started++;
    return new Thread(this.#plain);
  }

  #release(thread: Thread): void {
    const next = this.#waiting.shift();
    if (next !== undefined) next(thread);
    else this.#idle.push(thread);
  }
}

const bytesOf = (pages: readonly Page[]): number => pages.reduce((sum, { body }) => sum + body.byteLength, 0);

/** A worker that ended, or that did not answer in time. */
class ThreadFault extends Error {
  readonly reason: 'took_too_long' | 'ran_out_of_memory';
  constructor(reason: 'took_too_long' | 'ran_out_of_memory') {
    super(reason);
    this.reason = reason;
  }
}

const refusalOf = ({ reason }: ThreadFault, { body, title = '' }: Page): Refusal => ({
  stage: 'decode',
  reason,
  value: body.byteLength,
  threshold: reason === 'took_too_long' ? DEADLINE_MS : WORKER_HEAP,
  title,
  text: '',
  charset: '',
});

class Thread {
  readonly #worker: Worker;

  constructor(settings: EngineSettings) {
    this.#worker = startWorker(new URL('./worker.ts', import.meta.url), {
      workerData: settings,
      resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP },
    });
    this.#worker.unref();
    this.#worker.on('error', () => {}); // told to whoever waits for an answer
  }

  answer(pages: readonly Page[]): Promise<Answer[]> {
    const worker = this.#worker;
    worker.ref();
    return new Promise<Answer[]>((resolve, reject) => {
      const deadline = DEADLINE_MS + DEADLINE_MS_PER_BYTE * bytesOf(pages);
      const timer = setTimeout(() => settle(() => reject(new ThreadFault('took_too_long'))), deadline);
      const settle = (how: () => void): void => {
        clearTimeout(timer);
        worker.off('message', onMessage).off('error', onError).off('exit', onExit).unref();
        how();
      };
      const onMessage = (answers: WireAnswers): void => settle(() => resolve(fromWire(answers)));
      const onError = (error: NodeJS.ErrnoException): void =>
        settle(() => reject(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? new ThreadFault('ran_out_of_memory') : error));
      const onExit = (): void => settle(() => reject(new ThreadFault('ran_out_of_memory')));
      worker.on('message', onMessage).on('error', onError).on('exit', onExit);
      const wired = toWirePages(pages);
      worker.postMessage(wired, [wired.bodies.buffer]);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}
