/**
 * One HTTP request, one answer: no redirect is followed, no status is an error. What the network can do wrong becomes a
 * `RequestFailed` with a reason. Bodies come with their Content-Encoding undone and their charset untouched, and stop
 * at a size limit that counts unpacked bytes; one clock covers the whole exchange, so that a trickle ends too. What is cut,
 * by the server or by that clock, is kept as far as it came.
 */
import { isIP, type LookupFunction, type Socket } from 'node:net';
import { type AddressWall, addressWall, isLoopback } from './addresses.ts';
import { BadCoding, codingsOf, MAX_CODINGS, undoCodings } from './bytes/codings.ts';
import { type Route, withoutBrackets } from './http/dial.ts';
import { BadAnswer, ConnectionClosed, requestHead, WantsLenience, type WireRequest } from './http/exchange.ts';
import { type Exchanged, Pool } from './http/pool.ts';
import { canonicalHost, canonicalUrl } from './links/url.ts';
import { badInput, reasonOf, ToolkitError } from './shell/errors.ts';
import { type HeaderPairs, headerOf, isPart } from './warc/http-message.ts';

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
  /** Certificates that are trusted besides those of the system, PEM. */
  readonly ca?: string;
}

export interface FetchOptions {
  /** The body is cut behind this many unpacked bytes. */
  readonly maxBytes: number;
  /** Asked with the Content-Type of a 2xx answer; `false` leaves the body where it is. Default: any type. */
  readonly accepts?: (contentType: string) => boolean;
  /** Validators of the copy at hand: the server may answer 304. */
  readonly etag?: string | null;
  readonly lastModified?: string | null;
  /** First and last byte to ask for; they come as they are stored, codings and all. */
  readonly range?: readonly [first: number, last: number];
  /** Value of a Cookie header. */
  readonly cookie?: string;
  /** Hears before the request is made once more: the connection had been closed at rest. @throws what ends it. */
  readonly again?: () => void;
}

export interface Fetched {
  readonly url: string;
  /** ISO 8601, UTC: when the request was sent. */
  readonly fetchedAt: string;
  readonly status: number;
  readonly statusText: string;
  readonly headers: HeaderPairs;
  readonly body: Uint8Array;
  /**
   * Where there is more of the body: it is over the limit or was not asked for, or the server closed the connection or
   * packed half of it, or the time was over, or a part was sent that nobody asked for (206).
   */
  readonly truncated?: 'length' | 'disconnect' | 'time' | 'unspecified';
  /** The request as it was sent, header lines included. */
  readonly request?: string;
  /** IP address that answered. */
  readonly address?: string;
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
  /** What was wrong, in words: `unable to verify the first certificate`. */
  readonly detail: string;

  constructor(url: string, reason: string, cause: unknown) {
    const detail = reasonOf(cause);
    super({ code: 'REQUEST_FAILED', message: `${url}: ${reason}: ${detail}`, cause });
    this.reason = reason;
    this.detail = detail;
  }

  /** The reason, in words where it is one of many: `tls: unable to verify the first certificate`. */
  get why(): string {
    return TELLING.has(this.reason) ? `${this.reason}: ${this.detail}` : this.reason;
  }
}

const TELLING = new Set(['tls', 'host_not_found', 'bad_response', 'bad_encoding', 'request_failed']);

/** A mail address or a page by which whoever is crawled reaches whoever crawls. */
const CONTACT = /[^\s@(<;,]+@[^\s@]+\.[a-z]{2,}|https?:\/\/[^\s/]+\.[a-z]{2,}/i;

export class Fetcher {
  readonly #pool: Pool;
  readonly #headers: HeaderPairs;
  readonly #timeoutMs: number;
  readonly #meter = new Meter();
  readonly #wall: AddressWall;
  readonly #routes: ReadonlyMap<string, Route>;
  readonly #addresses = new Map<string, Promise<string | undefined>>();

  /** @throws ToolkitError BAD_CONNECT_TO, BAD_ADDRESS (exit 2). */
  constructor({ connectTo = {}, allowedAddresses = [], lookup, userAgent, timeoutMs, ca }: FetcherOptions) {
    this.#timeoutMs = timeoutMs;
    this.#headers = [
      ['User-Agent', userAgent],
      ['Accept', 'text/html,application/xhtml+xml;q=0.9,text/plain;q=0.8,application/xml;q=0.7,*/*;q=0.1'],
      ['Accept-Language', 'vi,en;q=0.3'],
      ['Accept-Encoding', 'gzip, deflate, br'],
    ];
    const routes = new Map(Object.entries(connectTo).map(([host, target]) => parseRoute(host, target)));
    const wall = addressWall(allowedAddresses, lookup);
    const admit = (address: string): void => {
      if (!isLoopback(address) && !CONTACT.test(userAgent)) throw noContact(userAgent, address);
    };
    this.#wall = wall;
    this.#routes = routes;
    this.#pool = new Pool({ wall, routes, ca, admit }, (hostname, socket) => this.#meter.add(hostname, socket));
  }

  /**
   * @throws RequestFailed when no answer came, in time, that can be read.
   * @throws ToolkitError BAD_USER_AGENT (exit 2) where a host outside this machine would not know whom to reach.
   * @throws what `signal` was aborted with.
   */
  async fetch(url: string, options: FetchOptions, signal: AbortSignal): Promise<Fetched> {
    signal.throwIfAborted();
    const clock = new AbortController();
    const timer = setTimeout(
      () => clock.abort(new OutOfTime(`no whole answer within ${this.#timeoutMs} ms`)),
      this.#timeoutMs,
    );
    const stop = (): void => clock.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    let refusal: unknown;
    const again = (): void => {
      try {
        options.again?.();
      } catch (error) {
        refusal = error;
        throw error;
      }
    };
    try {
      return await this.#exchange(url, { ...options, again }, clock.signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error === refusal || error instanceof ToolkitError) throw error;
      throw new RequestFailed(url, clock.signal.aborted ? 'timeout' : failureReason(error), error);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    }
  }

  /**
   * The IP address of a host, by which its requests are paced; of several always the same. What a connection goes to is
   * looked up for that connection. `undefined` where the name leads nowhere.
   */
  addressOf(hostname: string): Promise<string | undefined> {
    const known = this.#addresses.get(hostname);
    if (known) return known;
    const host = withoutBrackets(this.#routes.get(hostname)?.hostname ?? hostname);
    const address = isIP(host)
      ? Promise.resolve(host)
      : new Promise<string | undefined>((resolve) => {
          this.#wall.lookup(host, { all: true }, (error, found) => {
            const all = error ? [] : (found as { address: string }[]).map((each) => each.address);
            resolve(all.sort()[0]);
          });
        });
    this.#addresses.set(hostname, address);
    return address;
  }

  /** Bytes that came from a host so far, on all connections, headers included. Takes the host name of a URL. */
  received(hostname: string): number {
    return this.#meter.received(hostname);
  }

  /** Drops connections, also those in use. */
  async close(): Promise<void> {
    this.#pool.close();
  }

  async #exchange(url: string, options: FetchOptions, signal: AbortSignal): Promise<Fetched> {
    const isAccepted = ([name]: readonly [string, string]): boolean => !options.range || name !== 'Accept-Encoding';
    const headers = this.#headers.filter(isAccepted);
    if (options.etag) headers.push(['If-None-Match', options.etag]);
    if (options.lastModified) headers.push(['If-Modified-Since', options.lastModified]);
    if (options.range) headers.push(['Range', `bytes=${options.range.join('-')}`]);
    if (options.cookie) headers.push(['Cookie', options.cookie]);
    const request = { url: new URL(url), headers };
    try {
      return await this.#answer(request, options, signal);
    } catch (error) {
      if (!(error instanceof WantsLenience)) throw error;
      this.#pool.beLenient(request.url.origin); // in the middle of a body
      options.again?.();
      return this.#answer(request, options, signal);
    }
  }

  async #answer(request: WireRequest, options: FetchOptions, signal: AbortSignal): Promise<Fetched> {
    const fetchedAt = new Date().toISOString();
    const answer = await this.#pool.exchange(request, signal, options.again);
    try {
      const { status } = answer;
      const isSuccess = status >= 200 && status < 300;
      const isWanted = !isSuccess || (options.accepts?.(headerOf(answer.headers, 'content-type') ?? '') ?? true);
      const content = isWanted ? await readBody(answer, options, signal) : NO_BODY;
      const { statusText, address } = answer;
      return {
        url: request.url.href,
        fetchedAt,
        status,
        statusText,
        headers: answer.headers,
        ...content,
        request: requestHead(request),
        address,
      };
    } finally {
      answer.release();
    }
  }
}

class OutOfTime extends Error {}

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

const noContact = (userAgent: string, address: string): ToolkitError =>
  badInput(
    'BAD_USER_AGENT',
    `${address}: the user agent ${JSON.stringify(userAgent)} names nobody: expected a mail address or a URL in it`,
    '--contact me@example.org says it to every host outside this machine',
  );

type Content = Pick<Fetched, 'body' | 'truncated'>;
const NO_BODY: Content = { body: new Uint8Array(), truncated: 'length' };

/** The target reads `127.0.0.1:8080` or `[::1]:8080`; the host as it stands in URLs, an IPv6 address also bare. */
function parseRoute(host: string, target: string): [host: string, route: Route] {
  const [, hostname, port] = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(target) ?? [];
  const from = canonicalHost(isIP(host) === 6 ? `[${host}]` : host);
  if (from !== undefined && hostname !== undefined && Number(port) <= 65_535) {
    return [from, { hostname, port: Number(port) }];
  }
  throw badInput(
    'BAD_CONNECT_TO',
    `${host}=${target}: expected host=address:port`,
    'for example bao.vua.test=127.0.0.1:8080',
  );
}

/** A coded body is shorter than what is in it, but for what little cannot be packed. */
const codedLimit = (maxBytes: number): number => maxBytes + (maxBytes >> 6) + 1024;

/** @throws BadCoding; an error where the server cut off all of it */
async function readBody(answer: Exchanged, { maxBytes, range }: FetchOptions, signal: AbortSignal): Promise<Content> {
  const codings = range === undefined ? codingsOf(answer.headers) : [];
  if (codings.length > MAX_CODINGS) throw new BadCoding(`${codings.length} codings, at most ${MAX_CODINGS} are undone`);
  const limit = codings.length > 0 ? codedLimit(maxBytes) : maxBytes;
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of answer.body) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > limit) break;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  const isLate = signal.reason instanceof OutOfTime && length > 0;
  if (!isLate) signal.throwIfAborted();
  const isOver = length > limit;
  const isCut = !isOver && answer.wasCut();
  if (isCut && length === 0) throw new ConnectionClosed('the server closed the connection');
  const whole = Buffer.concat(chunks, length);
  const { body, isOver: isMore, isCut: isHalf = false } = await undoCodings(codings, whole, maxBytes);
  if (isOver || isMore) return { body, truncated: 'length' };
  if (isLate) return { body, truncated: 'time' };
  if (isCut || isHalf) return { body, truncated: 'disconnect' };
  return isPart(answer.status, answer.headers) ? { body, truncated: 'unspecified' } : { body };
}

const FAILURES: readonly (readonly [code: RegExp, reason: string])[] = [
  [/^PRIVATE_ADDRESS$/, 'private_address'],
  [/^(ENOTFOUND|EAI_)/, 'host_not_found'],
  [/^ECONNREFUSED$/, 'connection_refused'],
  [/TIMEOUT|ETIMEDOUT/, 'timeout'],
  [/CERT|TLS|SSL|SELF_SIGNED|VERIFY|EPROTO/, 'tls'],
  [/^ERR_HTTP2_/, 'bad_response'],
  [/^(ECONNRESET|EPIPE|EHOSTUNREACH|ENETUNREACH)/, 'connection_lost'],
];

function failureReason(error: unknown): string {
  if (error instanceof BadCoding) return 'bad_encoding';
  if (error instanceof BadAnswer) return 'bad_response';
  if (error instanceof ConnectionClosed) return 'connection_lost';
  const { code = (error as Error).name } = error as NodeJS.ErrnoException;
  return FAILURES.find(([pattern]) => pattern.test(code))?.[1] ?? 'request_failed';
}
