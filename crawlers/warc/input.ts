/** Bytes that come in chunks, with look-ahead, and from any place again. Called by gzip.ts. */
type Chunks = Iterator<Buffer> | AsyncIterator<Buffer>;

/** The bytes ended where more are needed. */
export class EndOfInput extends Error {}

/** `pending` is what was read and not yet taken, `offset` where it starts. */
export class Input {
  pending: Buffer = Buffer.alloc(0);
  offset = 0;
  readonly #open: (start: number) => Chunks;
  readonly #onRead: ((bytes: number) => void) | undefined;
  #chunks: Chunks;
  /** Behind the last byte that was read, and behind the last that `onRead` heard of. */
  #end = 0;
  #told = 0;

  /** @param open the chunks from a byte on */
  constructor(open: (start: number) => Chunks, onRead?: (bytes: number) => void) {
    this.#open = open;
    this.#onRead = onRead;
    this.#chunks = open(0);
  }

  /** True when `count` bytes are pending, false when the input ends before. */
  async fill(count: number): Promise<boolean> {
    while (this.pending.length < count) {
      const { done, value } = await this.#chunks.next();
      if (done) return false;
      this.#end += value.length;
      if (this.#end > this.#told) this.#onRead?.(Math.min(value.length, this.#end - this.#told));
      this.#told = Math.max(this.#told, this.#end);
      this.pending = this.pending.length === 0 ? value : Buffer.concat([this.pending, value]);
    }
    return true;
  }

  /** @throws EndOfInput, all taken, when the input ends before */
  async need(count: number): Promise<void> {
    if (await this.fill(count)) return;
    this.take(this.pending.length);
    throw new EndOfInput();
  }

  take(count: number): Buffer {
    const taken = this.pending.subarray(0, count);
    this.pending = this.pending.subarray(count);
    this.offset += count;
    return taken;
  }

  /** Goes back to a byte. */
  async rewind(offset: number): Promise<void> {
    await this.close();
    this.pending = Buffer.alloc(0);
    this.offset = offset;
    this.#end = offset;
    this.#chunks = this.#open(offset);
  }

  async *rest(signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
    while (!signal?.aborted && (await this.fill(1))) yield this.take(this.pending.length);
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
