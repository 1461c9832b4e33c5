/**
 * Reads lines and exact counts from a stream of chunks, and knows the offset. What stands between chunks and is none is a
 * border: nothing is read beyond it before `pass`. Called by read-warc.ts and sources/jsonl.ts.
 */
export class ByteReader<Border = never> {
  /** Bytes handed out so far. */
  offset = 0;
  /** Where the last line began. */
  lineStart = 0;
  readonly #chunks: AsyncIterator<Uint8Array | Border>;
  #chunk: Buffer = Buffer.alloc(0);
  #border: Border | undefined;

  constructor(chunks: AsyncIterable<Uint8Array | Border>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /**
   * The next line without its `\n` or `\r\n`. The last line needs none. `undefined` at the end.
   * A line longer than `limit` is cut there, and what is left comes as the next line.
   */
  async readLine(limit: number): Promise<Buffer | undefined> {
    this.lineStart = this.offset;
    const parts: Buffer[] = [];
    let length = 0;
    while (await this.#fill()) {
      const room = limit - length;
      const newline = this.#chunk.subarray(0, room).indexOf(0x0a);
      const part = this.#take(newline >= 0 ? newline + 1 : room);
      parts.push(part);
      length += part.length;
      if (newline >= 0 || length >= limit) break;
    }
    if (length === 0) return undefined;
    const line = parts.length === 1 ? parts[0] : Buffer.concat(parts);
    if (line.at(-1) !== 0x0a) return line;
    return line.subarray(0, line.at(-2) === 0x0d ? -2 : -1);
  }

  /** `count` bytes, or fewer at the end of the stream. */
  async read(count: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let left = count; left > 0 && (await this.#fill()); ) {
      const part = this.#take(left);
      parts.push(part);
      left -= part.length;
    }
    return parts.length === 1 ? parts[0] : Buffer.concat(parts);
  }

  /** Passes over `count` bytes; returns how many there were. */
  async skip(count: number): Promise<number> {
    let left = count;
    while (left > 0 && (await this.#fill())) left -= this.#take(left).length;
    return count - left;
  }

  /** Goes on behind the border before which all was read; `undefined` when that is the end. */
  async pass(): Promise<Border | undefined> {
    await this.#fill();
    const border = this.#border;
    this.#border = undefined;
    return border;
  }

  /** Ends the stream below, so that its file is closed. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #fill(): Promise<boolean> {
    while (this.#chunk.length === 0) {
      if (this.#border !== undefined) return false;
      const { done, value } = await this.#chunks.next();
      if (done) return false;
      if (!(value instanceof Uint8Array)) {
        this.#border = value;
        return false;
      }
      this.#chunk = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
    return true;
  }

  #take(count: number): Buffer {
    const taken = this.#chunk.subarray(0, count);
    this.#chunk = this.#chunk.subarray(taken.length);
    this.offset += taken.length;
    return taken;
  }
}
