/**
 * HTTP/1.1 by undici, over a connection that stands (dial.ts). Its parser is strict: what it refuses is asked for again and
 * read by lenient.ts, on that origin from then on.
 */
import type { Socket } from 'node:net';
import { Client } from 'undici';
import { type HeaderPairs, headerOf } from '../warc/http-message.ts';
import {
  type Connection,
  ConnectionClosed,
  MAX_HEAD_BYTES,
  mayHaveRested,
  NotAnswered,
  REST_MS,
  restOf,
  WantsLenience,
  type WireAnswer,
  type WireRequest,
} from './exchange.ts';

export class Http1Connection implements Connection {
  readonly protocol = 'http/1.1';
  readonly address: string;
  readonly #socket: Socket;
  readonly #client: Client;
  /** Of `performance.now`; a connection that has not served does not rest. */
  #restsSince = Number.POSITIVE_INFINITY;
  #restMs = REST_MS;
  /** No body is under way. */
  #isReady = true;
  #timer: NodeJS.Timeout | undefined;

  constructor(origin: string, socket: Socket, address: string) {
    this.address = address;
    this.#socket = socket;
    let isTaken = false;
    this.#client = new Client(origin, {
      ...{ maxHeaderSize: MAX_HEAD_BYTES, keepAliveTimeout: REST_MS, keepAliveMaxTimeout: REST_MS },
      ...{ headersTimeout: 0, bodyTimeout: 0 }, // the exchange has one clock of its own
      connect: (_options, callback) => {
        const isThere = !isTaken && !socket.destroyed;
        isTaken = true;
        // Not at once: undici hears nothing while it asks.
        queueMicrotask(() => {
          if (isThere) callback(null, socket);
          else callback(new ConnectionClosed('the connection was closed'), null);
        });
      },
    });
    this.#client.on('disconnect', () => void this.#client.destroy());
  }

  get isUsable(): boolean {
    return this.#isReady && !this.#client.destroyed && this.#socket.writable && !this.#socket.readableEnded;
  }

  async exchange(request: WireRequest, signal: AbortSignal): Promise<WireAnswer> {
    const mayBeClosed = mayHaveRested(this.#restsSince);
    clearTimeout(this.#timer);
    const before = this.#socket.bytesRead;
    this.#isReady = false;
    const { url, headers } = request;
    try {
      const answer = await this.#client.request({
        ...{ method: 'GET', path: url.pathname + url.search, signal, responseHeaders: 'raw' },
        headers: headers.flat() as string[],
      });
      const pairs = pairsOf(answer.headers as unknown as readonly string[]); // `raw` is not in undici's types
      this.#restMs = restOf(headerOf(pairs, 'keep-alive'));
      return this.#answer(answer.statusCode, answer.statusText, pairs, answer.body);
    } catch (error) {
      this.close();
      signal.throwIfAborted();
      if (mayBeClosed && this.#socket.bytesRead === before)
        throw new NotAnswered('the connection was closed', { cause: error });
      throw errorOf(error);
    }
  }

  rest(): void {
    this.#restsSince = performance.now();
    this.#timer = setTimeout(() => this.close(), this.#restMs).unref();
  }

  close(): void {
    clearTimeout(this.#timer);
    void this.#client.destroy();
    this.#socket.destroy();
  }

  #answer(status: number, statusText: string, headers: HeaderPairs, pieces: AsyncIterable<Uint8Array>): WireAnswer {
    let isWhole = false;
    const connection = this;
    async function* body(): AsyncGenerator<Uint8Array> {
      try {
        for await (const piece of pieces) yield piece;
        isWhole = true;
        connection.#isReady = true;
      } catch (error) {
        const failure = errorOf(error);
        if (!(failure instanceof ConnectionClosed)) throw failure;
      } finally {
        if (!isWhole) connection.close();
      }
    }
    return { status, statusText, headers, body: body(), wasCut: () => !isWhole };
  }
}

const pairsOf = (raw: readonly string[]): HeaderPairs =>
  Array.from({ length: raw.length / 2 }, (_, i) => [raw[2 * i]!, raw[2 * i + 1]!] as const);

/** What undici refuses and browsers read; what the connection did. */
function errorOf(error: unknown): unknown {
  const { code = '', name, message } = error as NodeJS.ErrnoException;
  const isRefused =
    name === 'HTTPParserError' ||
    name === 'AssertionError' || // undici's own, at a change of protocol
    /^(HPE_|UND_ERR_(HEADERS_OVERFLOW|RES_CONTENT_LENGTH_MISMATCH)$)/.test(code) ||
    (code === 'UND_ERR_SOCKET' && /^bad (response|upgrade)$/.test(message)); // an answer 1xx that it did not ask for
  if (isRefused) return new WantsLenience(String(error));
  if (code === 'UND_ERR_SOCKET' || code === 'UND_ERR_DESTROYED')
    return new ConnectionClosed('the server closed the connection');
  return error;
}
