/**
 * HTTP/1.1 as browsers and curl read it where undici refuses (RFC 9112, and what servers make of it): lines that end in LF alone, header lines
 * that are none, control bytes, the same length twice, a length beside chunks, answers 1xx that nobody asked for, chunk
 * sizes of any length. Where two readings would give two bodies the answer is refused.
 *
 *   [1xx …]  status line │ header lines │ blank │ body: none (204, 304) · chunks · Content-Length bytes · until the end
 */
import type { Socket } from 'node:net';
import { type HeaderPairs, headerOf, parseFields } from '../warc/http-message.ts';
import {
  BadAnswer,
  type Connection,
  ConnectionClosed,
  MAX_HEAD_BYTES,
  mayHaveRested,
  NotAnswered,
  REST_MS,
  requestHead,
  restOf,
  type WireAnswer,
  type WireRequest,
} from './exchange.ts';
import { StreamReader } from './stream-reader.ts';

const MAX_INTERIM_ANSWERS = 10;
const MAX_CHUNK_LINE_BYTES = 16_384;

export class LenientConnection implements Connection {
  readonly protocol = 'http/1.1';
  readonly address: string;
  readonly #socket: Socket;
  readonly #reader: StreamReader;
  /** Of `performance.now`; a connection that has not served does not rest. */
  #restsSince = Number.POSITIVE_INFINITY;
  #restMs = REST_MS;
  /** No body is under way, and the server did not say that it closes. */
  #isReady = true;

  constructor(socket: Socket, address: string) {
    this.#socket = socket;
    this.address = address;
    this.#reader = new StreamReader(socket);
    socket.on('timeout', () => socket.destroy());
  }

  get isUsable(): boolean {
    return this.#isReady && !this.#reader.hasEnded && this.#reader.isEmpty && this.#socket.writable;
  }

  async exchange(request: WireRequest, signal: AbortSignal): Promise<WireAnswer> {
    const mayBeClosed = mayHaveRested(this.#restsSince);
    this.#isReady = false;
    this.#socket.setTimeout(0);
    const abort = (): void => void this.#socket.destroy(signal.reason);
    const done = (): void => {
      signal.removeEventListener('abort', abort);
      this.#socket.off('close', done);
    };
    signal.addEventListener('abort', abort, { once: true });
    this.#socket.once('close', done);
    if (signal.aborted) abort();
    try {
      this.#socket.write(requestHead(request), 'latin1');
      const head = await this.#readHead();
      this.#restMs = restOf(headerOf(head.headers, 'keep-alive'));
      return this.#answer(head, done);
    } catch (error) {
      this.#socket.destroy();
      signal.throwIfAborted();
      if (mayBeClosed && !this.#reader.hasReceived)
        throw new NotAnswered('the connection was closed', { cause: error });
      throw error;
    }
  }

  rest(): void {
    this.#restsSince = performance.now();
    this.#socket.setTimeout(this.#restMs);
  }

  close(): void {
    this.#socket.destroy();
  }

  async #readHead(): Promise<Head> {
    this.#reader.hasReceived = false;
    let budget = MAX_HEAD_BYTES;
    for (let interim = 0; interim <= MAX_INTERIM_ANSWERS; interim++) {
      const lines: string[] = [];
      for (;;) {
        const line = await this.#reader.readLine(budget);
        if (line === undefined) throw this.#endedEarly(lines.length);
        budget -= line.length + 1;
        if (budget <= 0) throw new BadAnswer(`more than ${MAX_HEAD_BYTES} bytes of headers`);
        if (line !== '') lines.push(line);
        else if (lines.length > 0) break; // blank lines before an answer are left over from the one before
      }
      const head = parseHead(lines);
      if (head.status < 100 || head.status > 199) return head;
      if (head.status === 101) throw new BadAnswer('101: the server changes to a protocol that nobody asked for');
    }
    throw new BadAnswer(`more than ${MAX_INTERIM_ANSWERS} interim answers`);
  }

  #endedEarly(lines: number): Error {
    const cause = this.#reader.fault;
    if (cause !== undefined) return cause;
    const fact = lines === 0 ? 'without an answer' : 'inside the headers of its answer';
    return new ConnectionClosed(`the server closed the connection ${fact}`);
  }

  #answer({ version, status, statusText, headers }: Head, onEnd: () => void): WireAnswer {
    const framing = framingOf(status, headers);
    const connection = valuesOf(headers, 'connection').map((value) => value.toLowerCase());
    const keepsAlive = connection.includes('keep-alive') || (version >= 1.1 && !connection.includes('close'));
    const isAmbiguous = framing.kind === 'chunks' && headerOf(headers, 'content-length') !== undefined;
    let isWhole = false;
    const pieces = piecesOf(this.#reader, framing);
    const finish = (): void => {
      isWhole = true;
      onEnd();
      this.#isReady = keepsAlive && !isAmbiguous && framing.kind !== 'until the end';
    };
    if (framing.kind === 'none' || (framing.kind === 'length' && framing.length === 0)) finish();
    const socket = this.#socket;
    async function* body(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          const { value, done } = await pieces.next();
          if (done) {
            if (value) finish();
            return;
          }
          yield value;
        }
      } finally {
        onEnd();
        if (!isWhole) socket.destroy();
      }
    }
    return { status, statusText, headers, body: isWhole ? NO_PIECES : body(), wasCut: () => !isWhole };
  }
}

const NO_PIECES: AsyncIterable<Uint8Array> = (async function* () {})();

interface Head {
  readonly version: number;
  readonly status: number;
  readonly statusText: string;
  readonly headers: HeaderPairs;
}

function parseHead([first, ...lines]: readonly string[]): Head {
  const [, version, status, statusText] =
    /^(?:HTTP\/(\d(?:\.\d)?)|ICY)[ \t]+(\d{3})(?:[ \t]+(.*))?$/i.exec(first!) ?? [];
  if (status === undefined) {
    throw new BadAnswer(`expected "HTTP/1.1 STATUS", found ${JSON.stringify(first!.slice(0, 60))}`);
  }
  return {
    version: Number(version ?? 1),
    status: Number(status),
    statusText: statusText ?? '',
    headers: parseFields(lines),
  };
}

type Framing =
  | { readonly kind: 'none' | 'chunks' | 'until the end' }
  | { readonly kind: 'length'; readonly length: number };

const valuesOf = (headers: HeaderPairs, wanted: string): string[] =>
  headers
    .filter(([name]) => name.toLowerCase() === wanted)
    .flatMap(([, value]) => value.split(','))
    .map((value) => value.trim());

/** RFC 9112 §6.3. */
function framingOf(status: number, headers: HeaderPairs): Framing {
  if (status === 204 || status === 304) return { kind: 'none' };
  if (valuesOf(headers, 'transfer-encoding').some((coding) => /^chunked\b/i.test(coding))) return { kind: 'chunks' };
  const lengths = new Set(
    valuesOf(headers, 'content-length')
      .filter((value) => /^\d+$/.test(value))
      .map(Number),
  );
  if (lengths.size > 1) throw new BadAnswer(`two lengths: ${[...lengths].join(' and ')} bytes`);
  const [length] = lengths;
  return length === undefined ? { kind: 'until the end' } : { kind: 'length', length };
}

/** Returns whether that was the whole body. */
async function* piecesOf(reader: StreamReader, framing: Framing): AsyncGenerator<Uint8Array, boolean> {
  if (framing.kind === 'chunks') return yield* chunksOf(reader);
  if (framing.kind === 'length') return yield* exactly(reader, framing.length);
  for (;;) {
    const piece = await reader.read(Number.POSITIVE_INFINITY);
    if (piece === undefined) return reader.fault === undefined;
    yield piece;
  }
}

async function* exactly(reader: StreamReader, length: number): AsyncGenerator<Uint8Array, boolean> {
  for (let left = length; left > 0; ) {
    const piece = await reader.read(left);
    if (piece === undefined) return false;
    left -= piece.length;
    yield piece;
  }
  return true;
}

/** RFC 9112 §7.1. */
async function* chunksOf(reader: StreamReader): AsyncGenerator<Uint8Array, boolean> {
  for (let isFirst = true; ; isFirst = false) {
    let line = await reader.readLine(MAX_CHUNK_LINE_BYTES);
    if (line === '' && !isFirst) line = await reader.readLine(MAX_CHUNK_LINE_BYTES); // behind the chunk before
    if (line === undefined) return false;
    const size = /^[ \t]*0*([0-9a-f]{1,13})[ \t]*(?:;.*)?$/i.exec(line)?.[1];
    if (size === undefined) {
      if (isFirst) throw new BadAnswer(`expected the size of a chunk, found ${JSON.stringify(line.slice(0, 40))}`);
      return false;
    }
    const length = Number.parseInt(size, 16);
    if (length === 0) break;
    if (!(yield* exactly(reader, length))) return false;
  }
  for (let budget = MAX_HEAD_BYTES; budget > 0; ) {
    const line = await reader.readLine(budget);
    if (line === undefined || line === '') break; // without its last line the body is whole all the same
    budget -= line.length + 1;
  }
  return true;
}
