/**
 * A web of many hosts on one machine: one server on all of its addresses, hosts at addresses of their own below 127.1.0.0/16
 * by a resolver of its own. It notes every request with the address that it came to, so that one to any other address,
 * the loopback proper or that of a network card, is seen.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, LookupFunction } from 'node:net';
import { domainToASCII } from 'node:url';
import { TEST_CERTIFICATE, TEST_KEY } from '../crawlers/certificate.ts';

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Uint8Array;
  /** All that is sent, head and body, and then the connection is closed. */
  readonly raw?: string | Uint8Array;
}

/** Answers, or does so by itself and returns nothing. */
export type Handler = (path: string, request: IncomingMessage, response: ServerResponse) => Answer | undefined;

/** Path with query, or `*` for all others → answer. A string is a page of HTML. */
export type Routes = Readonly<Record<string, string | Answer | Handler>>;

export interface Seen {
  readonly host: string;
  readonly path: string;
  /** To which it came. */
  readonly address: string;
  readonly isSecure: boolean;
  readonly headers: IncomingMessage['headers'];
  /** Of `performance.now`. */
  readonly startedAt: number;
  /** The answer was sent, or the connection given up. */
  endedAt: number;
}

export interface WebServer {
  readonly port: number;
  readonly securePort: number;
  readonly requests: Seen[];
  /** Names that were looked up and what they meant, in order. */
  readonly lookups: [host: string, address: string | undefined][];
  readonly lookup: LookupFunction;
  close(): Promise<void>;
}

/** Address `n` of the web. */
export const webAddress = (n: number): string => `127.1.${n >> 8}.${n & 255}`;
export const WEB_NETWORK = '127.1.0.0/16';
export const isOfWeb = (address: string): boolean => /^(?:::ffff:)?127\.1\./.test(address);

/** @param means the addresses of a host, by how often it was asked for; `undefined` where there is no such host */
export async function startServer(
  routesOf: (host: string) => Routes | undefined,
  means: (host: string, times: number) => readonly string[] | undefined,
): Promise<WebServer> {
  const requests: Seen[] = [];
  const answer = (request: IncomingMessage, response: ServerResponse, isSecure: boolean): void => {
    const host = domainToASCII((request.headers.host ?? '').replace(/:\d+$/, ''));
    const path = request.url ?? '';
    const startedAt = performance.now();
    const address = request.socket.localAddress ?? '';
    const seen = {
      host,
      path,
      address,
      isSecure,
      headers: request.headers,
      startedAt,
      endedAt: Number.POSITIVE_INFINITY,
    };
    requests.push(seen);
    response.on('close', () => {
      seen.endedAt = Math.min(seen.endedAt, performance.now());
    });
    const routes = routesOf(host);
    const route = routes?.[path] ?? routes?.['*'] ?? { status: 404 };
    const given = typeof route === 'function' ? route(path, request, response) : route;
    if (given === undefined) return;
    const { status = 200, headers = {}, body = '', raw } = typeof given === 'string' ? { body: given } : given;
    if (raw !== undefined) {
      response.socket?.end(raw);
      seen.endedAt = performance.now();
      return;
    }
    response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', ...headers }).end(body);
  };
  const plain = createServer({ maxHeaderSize: 65_536 }, (request, response) => answer(request, response, false));
  const secure = createSecureServer({ key: TEST_KEY, cert: TEST_CERTIFICATE }, (request, response) =>
    answer(request, response, true),
  );
  await Promise.all([listen(plain), listen(secure)]);
  const asked = new Map<string, number>();
  const lookups: WebServer['lookups'] = [];
  return {
    port: portOf(plain),
    securePort: portOf(secure),
    requests,
    lookups,
    lookup(name, _options, tell) {
      const host = name.replace(/\.$/, '');
      const times = asked.get(host) ?? 0;
      asked.set(host, times + 1);
      const found = means(host, times);
      lookups.push([host, found?.join(' ')]);
      if (found === undefined)
        tell(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' }), []);
      else
        tell(
          null,
          found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
        );
    },
    async close() {
      for (const server of [plain, secure]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}

const listen = (server: Server): Promise<void> => new Promise((done) => server.listen(0, '0.0.0.0', () => done()));
const portOf = (server: Server): number => (server.address() as AddressInfo).port;
