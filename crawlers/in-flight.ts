export interface Ended<T> {
  readonly key: string;
  readonly result: PromiseSettledResult<T>;
}

/** Work under way, one piece per key, whose results are collected as they come. Called by crawl.ts. */
export class InFlight<T> {
  readonly #running = new Map<
    string,
    { readonly done: Promise<void>; readonly what: string; readonly since: number }
  >();
  #results: Ended<T>[] = [];
  #wake = (): void => {};

  get size(): number {
    return this.#running.size;
  }

  has(key: string): boolean {
    return this.#running.has(key);
  }

  /** `what` is told by `underWay`. */
  start(key: string, work: Promise<T>, what = key): void {
    const done = Promise.allSettled([work]).then(([result]) => {
      this.#running.delete(key);
      this.#results.push({ key, result });
      this.#wake();
    });
    this.#running.set(key, { done, what, since: performance.now() });
  }

  /** What runs, the longest first. */
  underWay(): { readonly what: string; readonly ms: number }[] {
    const now = performance.now();
    return [...this.#running.values()].map(({ what, since }) => ({ what, ms: now - since }));
  }

  /** What ended since the last call; waits for something to end, for `wake`, or for `timeoutMs`. */
  async collect(timeoutMs: number): Promise<Ended<T>[]> {
    if (this.#results.length === 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const results = this.#results;
    this.#results = [];
    return results;
  }

  wake(): void {
    this.#wake();
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }
}
