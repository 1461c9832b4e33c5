/** HTTP/2 over a connection that agreed on it (RFC 9113), one request after the other. */
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import type { Socket } from 'node:net';
import type { HeaderPairs } from '../warc/http-message.ts';
import {
  BadAnswer,
  type Connection,
  ConnectionClosed,
  MAX_HEAD_BYTES,
  mayHaveRested,
  NotAnswered,
  REST_MS,
  WantsHttp1,
  type WireAnswer,
  type WireRequest,
} from './exchange.ts';
import { StreamReader } from './stream-reader.ts';

/** RFC 9113 §8.2.2: what speaks of the connection has no place here. */
const OF_CONNECTION = /^(connection|keep-alive|proxy-connection|transfer-encoding|upgrade|host)$/i;

export class Http2Connection implements Connection {
  readonly protocol = 'h2';
  readonly address: string;
  readonly #session: ClientHttp2Session;
  #fault: Error | undefined;
  #restsSince = Number.POSITIVE_INFINITY;
  #isBusy = false;

  constructor(origin: string, socket: Socket, address: string) {
    this.address = address;
    this.#session = connect(origin, {
      createConnection: () => socket,
      settings: { enablePush: false, maxHeaderListSize: MAX_HEAD_BYTES },
      maxSessionMemory: 16,
    });
    this.#session.on('error', (error) => {
      this.#fault ??= error;
    });
    this.#session.on('goaway', () => this.#session.close());
    this.#session.on('timeout', () => this.#session.close());
  }

  get isUsable(): boolean {
    return !this.#isBusy && !this.#session.closed && !this.#session.destroyed;
  }

  async exchange({ url, headers }: WireRequest, signal: AbortSignal): Promise<WireAnswer> {
    const mayBeClosed = mayHaveRested(this.#restsSince);
    this.#isBusy = true;
    this.#session.setTimeout(0);
    signal.throwIfAborted();
    const sent = headers
      .filter(([name]) => !OF_CONNECTION.test(name))
      .map(([name, value]) => [name.toLowerCase(), value]);
    const stream = this.#session.request({
      ':method': 'GET',
      ':scheme': 'https',
      ':authority': url.host,
      ':path': `${url.pathname}${url.search}`,
      ...Object.fromEntries(sent),
    });
    const reader = new StreamReader(stream);
    const abort = (): void => void stream.destroy(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    stream.once('close', () => signal.removeEventListener('abort', abort));
    const done = (): void => {
      this.#isBusy = false;
      stream.destroy();
    };
    try {
      const { status, pairs } = await this.#head(stream);
      let isWhole = false;
      async function* body(): AsyncGenerator<Uint8Array> {
        try {
          for (;;) {
            const piece = await reader.read(Number.POSITIVE_INFINITY);
            if (piece === undefined) break;
            yield piece;
          }
          isWhole = reader.fault === undefined && stream.rstCode === constants.NGHTTP2_NO_ERROR && !stream.aborted;
        } finally {
          done();
        }
      }
      return { status, statusText: '', headers: pairs, body: body(), wasCut: () => !isWhole };
    } catch (error) {
      stream.on('error', () => {}).destroy();
      signal.throwIfAborted();
      const { rstCode } = stream;
      if (rstCode === constants.NGHTTP2_HTTP_1_1_REQUIRED) throw new WantsHttp1('HTTP_1_1_REQUIRED', { cause: error });
      if (mayBeClosed || rstCode === constants.NGHTTP2_REFUSED_STREAM) {
        throw new NotAnswered('the connection was closed', { cause: error });
      }
      throw this.#fault ?? error;
    }
  }

  #head(stream: ClientHttp2Stream): Promise<{ status: number; pairs: HeaderPairs }> {
    return new Promise((resolve, reject) => {
      stream.once('error', reject);
      stream.once('close', () => reject(new ConnectionClosed('the stream was closed without an answer')));
      stream.once('response', (...told: unknown[]) => {
        const [headers, , raw] = told as [Record<string, unknown>, number, readonly string[]];
        const status = Number(headers[':status']);
        const pairs = Array.from({ length: raw.length / 2 }, (_, i) => [raw[2 * i], raw[2 * i + 1]] as const);
        if (status >= 200) resolve({ status, pairs: pairs.filter(([name]) => !name.startsWith(':')) });
        else reject(new BadAnswer(`status ${headers[':status']}`));
      });
    });
  }

  rest(): void {
    this.#restsSince = performance.now();
    this.#session.setTimeout(REST_MS);
  }

  close(): void {
    this.#session.destroy();
  }
}
