/** One request and its answer, over whatever version of HTTP: what http1.ts and http2.ts have in common. */
import type { HeaderPairs } from '../warc/http-message.ts';

export interface WireRequest {
  readonly url: URL;
  /** Without Host. */
  readonly headers: HeaderPairs;
}

export interface WireAnswer {
  readonly status: number;
  readonly statusText: string;
  /** As the server sent them. */
  readonly headers: HeaderPairs;
  /** Without Transfer-Encoding `chunked`; ends where the connection does. May be left before its end. */
  readonly body: AsyncIterable<Uint8Array>;
  /** The body ended before it was whole: known once it was read. */
  wasCut(): boolean;
}

export interface Connection {
  readonly protocol: 'http/1.1' | 'h2';
  /** IP address of the server. */
  readonly address: string;
  /** May it be used for another request? */
  readonly isUsable: boolean;
  /**
   * @throws NotAnswered where a connection that served before has gone: the request may be made again on another
   * @throws BadAnswer, and what Node says of the connection
   */
  exchange(request: WireRequest, signal: AbortSignal): Promise<WireAnswer>;
  /** Nothing is under way: after a while it is closed. */
  rest(): void;
  close(): void;
}

/** As it is sent over HTTP/1.1, by undici and by us. */
export function requestHead({ url, headers }: WireRequest): string {
  const lines = [`GET ${url.pathname}${url.search} HTTP/1.1`, `host: ${url.host}`, 'connection: keep-alive'];
  for (const [name, value] of headers) lines.push(`${name}: ${value}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** What was sent is no HTTP. */
export class BadAnswer extends Error {
  override readonly name = 'BadAnswer';
}

/** The server closed the connection. */
export class ConnectionClosed extends Error {
  override readonly name: string = 'ConnectionClosed';
}

/** A connection that was at rest turned out to be closed. */
export class NotAnswered extends ConnectionClosed {
  override readonly name = 'NotAnswered';
}

/** The server will have this request over HTTP/1.1. */
export class WantsHttp1 extends Error {
  override readonly name = 'WantsHttp1';
}

/** What the server sends is not quite HTTP/1.1: it is asked again, and read as browsers do. */
export class WantsLenience extends Error {
  override readonly name = 'WantsLenience';
}

/** A connection at rest is closed after this, or earlier where the server says when it does so. */
export const REST_MS = 5000;
/** Servers close what rested at least so long. */
const LEAST_REST_MS = 500;

/** How long a connection may rest that the server keeps as it says (`Keep-Alive: timeout=5`). */
export function restOf(keepAlive: string | undefined): number {
  const seconds = /\btimeout\s*=\s*(\d{1,6})/i.exec(keepAlive ?? '')?.[1];
  return seconds === undefined ? REST_MS : Math.max(1, Math.min(REST_MS, Number(seconds) * 1000 - LEAST_REST_MS));
}

/** Whether a connection that was closed unanswered may have been so before the request came. */
export const mayHaveRested = (since: number): boolean => performance.now() - since >= LEAST_REST_MS;
/** All header lines of an answer together; curl takes 300 KB. */
export const MAX_HEAD_BYTES = 262_144;
