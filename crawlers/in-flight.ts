export interface Ended<T> {
  readonly key: string;
  readonly result: PromiseSettledResult<T>;
}

/** Work under way, one piece per key, whose results are collected as they come. Called by crawl.ts. */
export class InFlight<T> {
  readonly #running = new Map<string, Promise<void>>();
  #results: Ended<T>[] = [];
  #wake = (): void => {};

  get size(): number {
    return this.#running.size;
  }

  has(key: string): boolean {
    return this.#running.has(key);
  }

  start(key: string, work: Promise<T>): void {
    const collected = Promise.allSettled([work]).then(([result]) => {
      this.#running.delete(key);
      this.#results.push({ key, result });
      this.#wake();
    });
    this.#running.set(key, collected);
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
    await Promise.all(this.#running.values());
  }
}
