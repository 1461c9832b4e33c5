/**
 * One HTTP request, one answer: no redirect is followed, no status is an error. What the network can do wrong becomes a
 * `RequestFailed` with a reason. Bodies come with their Content-Encoding undone and their charset untouched, and stop
 * at a size limit that counts unpacked bytes; one clock covers the whole exchange, so that a trickle ends too.
 */
import type { LookupFunction, Socket } from 'node:net';
import { pipeline, type Readable } from 'node:stream';
import { constants, createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { Agent, buildConnector } from 'undici';
import { addressWall } from './addresses.ts';
import { canonicalHost, canonicalUrl } from './links/url.ts';
import { badInput, reasonOf, ToolkitError } from './shell/errors.ts';
import { type HeaderPairs, headerOf } from './warc/http-message.ts';

export interface FetcherOptions {
  /** Host name → `address:port` that its connections go to (curl's --connect-to); URLs and Host headers stay. */
  readonly connectTo?: Readonly<Record<string, string>>;
  /** Addresses and networks that are no public ones and may be connected to all the same (addresses.ts). */
  readonly allowedAddresses?: readonly string[];
  /** Resolver of host names. Default: the system's. */
  readonly lookup?: LookupFunction;
  readonly userAgent: string;
  /** For connecting, headers and body together. */
  readonly timeoutMs: number;
}

export interface FetchOptions {
  /** The body is cut behind this many unpacked bytes. */
  readonly maxBytes: number;
  /** Asked with the Content-Type of a 2xx answer; `false` leaves the body where it is. Default: any type. */
  readonly accepts?: (contentType: string) => boolean;
  /** Validators of the copy at hand: the server may answer 304. */
  readonly etag?: string | null;
  readonly lastModified?: string | null;
}

export interface Fetched {
  readonly url: string;
  /** ISO 8601, UTC: when the request was sent. */
  readonly fetchedAt: string;
  readonly status: number;
  readonly statusText: string;
  readonly headers: HeaderPairs;
  readonly body: Uint8Array;
  /** The body is longer than this, or was not asked for. */
  readonly truncated: boolean;
}

/** Where a redirect leads, canonical; `undefined` when it does not say, or not to http(s). */
export function redirectTarget({ url, headers }: Fetched): string | undefined {
  const location = headerOf(headers, 'location');
  if (location === undefined) return undefined;
  const utf8 = Buffer.from(location, 'latin1').toString(); // header values come as Latin-1; many servers send UTF-8
  return canonicalUrl(utf8.includes('\uFFFD') ? location : utf8, url);
}

/** The exchange did not come about. `reason` is snake_case: `timeout`, `connection_refused`, `bad_response`, … */
export class RequestFailed extends ToolkitError {
  readonly reason: string;

  constructor(url: string, reason: string, cause: unknown) {
    super({ code: 'REQUEST_FAILED', message: `${url}: ${reason}: ${reasonOf(cause)}`, cause });
    this.reason = reason;
  }
}

const MAX_HEADER_BYTES = 65_536;

export class Fetcher {
  readonly #agent: Agent;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #timeoutMs: number;
  readonly #meter = new Meter();

  /** @throws ToolkitError BAD_CONNECT_TO, BAD_ADDRESS (exit 2). */
  constructor({ connectTo = {}, allowedAddresses = [], lookup, userAgent, timeoutMs }: FetcherOptions) {
    this.#timeoutMs = timeoutMs;
    this.#headers = {
      'user-agent': userAgent,
      accept: 'text/html,application/xhtml+xml;q=0.9,text/plain;q=0.8,application/xml;q=0.7,*/*;q=0.1',
      'accept-language': 'vi,en;q=0.3',
      'accept-encoding': 'gzip, br',
    };
    const routes = new Map(Object.entries(connectTo).map(([host, target]) => parseRoute(host, target)));
    const wall = addressWall(allowedAddresses, lookup);
    const connect = buildConnector({ timeout: timeoutMs, lookup: wall.lookup });
    this.#agent = new Agent({
      connections: 1,
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: 0, // the exchange has one clock of its own
      bodyTimeout: 0,
      connect: (options, callback) => {
        const route = routes.get(options.hostname);
        try {
          if (!route) wall.check(options.hostname); // a route to an address was given by whoever runs this
        } catch (error) {
          return void callback(error as Error, null);
        }
        const connected: typeof callback = (...[error, socket]: Parameters<typeof callback>) => {
          if (socket) this.#meter.add(options.hostname, socket);
          callback(...([error, socket] as Parameters<typeof callback>));
        };
        connect(
          route ? { ...options, ...route, servername: options.servername ?? options.hostname } : options,
          connected,
        );
      },
    });
  }

  /**
   * @throws RequestFailed when no whole answer came, in time, that can be read.
   * @throws what `signal` was aborted with.
   */
  async fetch(url: string, options: FetchOptions, signal: AbortSignal): Promise<Fetched> {
    signal.throwIfAborted();
    const clock = new AbortController();
    const timer = setTimeout(
      () => clock.abort(new Error(`no whole answer within ${this.#timeoutMs} ms`)),
      this.#timeoutMs,
    );
    const stop = (): void => clock.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    try {
      return await this.#exchange(url, options, clock.signal);
    } catch (error) {
      signal.throwIfAborted();
      throw new RequestFailed(url, clock.signal.aborted ? 'timeout' : failureReason(error), error);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    }
  }

  /** Bytes that came from a host so far, on all connections, headers included. Takes the host name of a URL. */
  received(hostname: string): number {
    return this.#meter.received(hostname.replace(/^\[|\]$/g, ''));
  }

  /** Drops connections, also those in use. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #exchange(url: string, options: FetchOptions, signal: AbortSignal): Promise<Fetched> {
    const { origin, pathname, search } = new URL(url);
    const headers: Record<string, string> = { ...this.#headers };
    if (options.etag) headers['if-none-match'] = options.etag;
    if (options.lastModified) headers['if-modified-since'] = options.lastModified;
    const fetchedAt = new Date().toISOString();
    const response = await this.#agent.request({
      origin,
      path: pathname + search,
      method: 'GET',
      headers,
      responseHeaders: 'raw',
      signal,
    });
    const { statusCode: status, statusText, body } = response;
    body.on('error', () => {}); // heard below, or of no interest once the body is left
    try {
      const pairs = toPairs(response.headers as unknown as readonly string[]); // `raw` is not in undici's types
      const isSuccess = status >= 200 && status < 300;
      const isWanted = !isSuccess || (options.accepts?.(headerOf(pairs, 'content-type') ?? '') ?? true);
      const content = isWanted ? await readBody(body, pairs, options.maxBytes, signal) : NO_BODY;
      return { url, fetchedAt, status, statusText, headers: pairs, ...content };
    } finally {
      body.destroy();
    }
  }
}

/** What came over the connections of each host. */
class Meter {
  readonly #ended = new Map<string, number>();
  readonly #open = new Map<string, Set<Socket>>();

  add(host: string, socket: Socket): void {
    const open = this.#open.get(host) ?? new Set();
    this.#open.set(host, open.add(socket));
    socket.once('close', () => {
      open.delete(socket);
      this.#ended.set(host, (this.#ended.get(host) ?? 0) + socket.bytesRead);
    });
  }

  received(host: string): number {
    let bytes = this.#ended.get(host) ?? 0;
    for (const socket of this.#open.get(host) ?? []) bytes += socket.bytesRead;
    return bytes;
  }
}

const NO_BODY = { body: new Uint8Array(), truncated: true };

function toPairs(raw: readonly string[]): HeaderPairs {
  return Array.from({ length: raw.length / 2 }, (_, i) => [raw[2 * i], raw[2 * i + 1]] as const);
}

/** The target reads `127.0.0.1:8080` or `[::1]:8080`. */
function parseRoute(host: string, target: string): [host: string, route: { hostname: string; port: string }] {
  const [, hostname, port] = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(target) ?? [];
  const from = canonicalHost(host);
  if (from !== undefined && hostname !== undefined && Number(port) <= 65_535) return [from, { hostname, port: port! }];
  throw badInput(
    'BAD_CONNECT_TO',
    `${host}=${target}: expected host=address:port`,
    'for example bao.vua.test=127.0.0.1:8080',
  );
}

async function readBody(
  response: Readable,
  headers: HeaderPairs,
  maxBytes: number,
  signal: AbortSignal,
): Promise<{ body: Uint8Array; truncated: boolean }> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of decoded(response, headers) as AsyncIterable<Buffer>) {
    signal.throwIfAborted();
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxBytes) return { body: Buffer.concat(chunks, length).subarray(0, maxBytes), truncated: true };
  }
  return { body: Buffer.concat(chunks, length), truncated: false };
}

/** The body with its codings undone, the last applied first. @throws Error for a coding that was not asked for. */
function decoded(response: Readable, headers: HeaderPairs): Readable {
  const codings = headers
    .filter(([name]) => name.toLowerCase() === 'content-encoding')
    .flatMap(([, value]) => value.toLowerCase().split(','))
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity');
  return codings.reverse().reduce<Readable>((stream, coding) => {
    const create = DECODERS[coding];
    if (!create) throw new UnknownEncoding(coding);
    return pipeline(stream, create(), () => {}); // errors surface where the last stream is read
  }, response);
}

const DECODERS: Readonly<Record<string, () => NodeJS.ReadWriteStream & Readable>> = {
  gzip: () => createGunzip({ finishFlush: constants.Z_SYNC_FLUSH }), // many servers forget the trailer
  'x-gzip': () => createGunzip({ finishFlush: constants.Z_SYNC_FLUSH }),
  deflate: () => createInflate(),
  br: () => createBrotliDecompress({ finishFlush: constants.BROTLI_OPERATION_FLUSH }),
};

class UnknownEncoding extends Error {
  override readonly name = 'UnknownEncoding';
}

const FAILURES: readonly (readonly [code: RegExp, reason: string])[] = [
  [/^PRIVATE_ADDRESS$/, 'private_address'],
  [/^(ENOTFOUND|EAI_)/, 'host_not_found'],
  [/^ECONNREFUSED$/, 'connection_refused'],
  [/TIMEOUT|ETIMEDOUT/, 'timeout'],
  [/^(HPE_|HTTPParserError|UND_ERR_HEADERS_OVERFLOW|UND_ERR_RES)/, 'bad_response'],
  [/^(Z_|ERR__ERROR_FORMAT|ERR_BROTLI|ERR_PADDING)/, 'bad_encoding'],
  [/CERT|TLS|SSL|SELF_SIGNED|EPROTO/, 'tls'],
  [/^(ECONNRESET|EPIPE|UND_ERR_SOCKET|ERR_STREAM_PREMATURE_CLOSE|EHOSTUNREACH|ENETUNREACH)/, 'connection_lost'],
];

function failureReason(error: unknown): string {
  if (error instanceof UnknownEncoding) return 'bad_encoding';
  const { code = (error as Error).name } = error as NodeJS.ErrnoException;
  return FAILURES.find(([pattern]) => pattern.test(code))?.[1] ?? 'request_failed';
}
