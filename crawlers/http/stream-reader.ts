/** Bytes of a connection as they are asked for: lines and pieces. What is not asked for is not received. */
import type { Readable } from 'node:stream';

/** More than this waiting stops the stream. */
const HIGH_WATER = 1 << 17;

export class StreamReader {
  /** Some byte came since this was set to false. */
  hasReceived = false;
  /** What ended the connection, where it was no proper end. */
  fault: Error | undefined;
  hasEnded = false;
  readonly #stream: Readable;
  #chunks: Buffer[] = [];
  #pending = 0;
  #wake = (): void => {};

  constructor(stream: Readable) {
    this.#stream = stream;
    stream.on('data', (chunk: Buffer) => {
      this.hasReceived = true;
      this.#chunks.push(chunk);
      this.#pending += chunk.length;
      if (this.#pending > HIGH_WATER) stream.pause();
      this.#wake();
    });
    stream.on('error', (error) => {
      this.fault ??= error;
    });
    const end = (): void => {
      this.hasEnded = true;
      this.#wake();
    };
    stream.once('end', end).once('close', end);
  }

  get isEmpty(): boolean {
    return this.#pending === 0;
  }

  /** At most `count` bytes of what is there; `undefined` at the end. */
  async read(count: number): Promise<Buffer | undefined> {
    if (!(await this.#fill())) return undefined;
    const [chunk] = this.#chunks as [Buffer];
    if (chunk.length <= count) {
      this.#chunks.shift();
      this.#took(chunk.length);
      return chunk;
    }
    this.#chunks[0] = chunk.subarray(count);
    this.#took(count);
    return chunk.subarray(0, count);
  }

  /**
   * The next line without its `\n` or `\r\n`, as Latin-1; `undefined` where the bytes end before it does. What is longer
   * than `limit` comes without its end.
   */
  async readLine(limit: number): Promise<string | undefined> {
    let line = '';
    while (line.length < limit) {
      if (!(await this.#fill())) return undefined;
      const [chunk] = this.#chunks as [Buffer];
      const newline = chunk.indexOf(0x0a);
      const end = newline < 0 ? chunk.length : newline + 1;
      line += chunk.toString('latin1', 0, newline < 0 ? end : newline);
      if (end === chunk.length) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(end);
      this.#took(end);
      if (newline >= 0) return line.endsWith('\r') ? line.slice(0, -1) : line;
    }
    return line;
  }

  async #fill(): Promise<boolean> {
    while (this.#chunks.length === 0) {
      if (this.hasEnded) return false;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return true;
  }

  #took(count: number): void {
    const before = this.#pending;
    this.#pending -= count;
    if (before > HIGH_WATER && this.#pending <= HIGH_WATER) this.#stream.resume();
  }
}
