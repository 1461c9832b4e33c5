/** A small web for tests: virtual hosts on one loopback server, every request noted. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Uint8Array;
}

export interface SeenRequest {
  readonly host: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly at: number;
}

export type Handler = (request: SeenRequest, response: ServerResponse) => Answer | undefined;
/** Host → path with query, or `*` for all others → answer. A string is an HTML page; a handler that returns nothing answers by itself. */
export type Sites = Readonly<Record<string, Readonly<Record<string, string | Answer | Handler>>>>;

export interface TestWeb {
  readonly connectTo: Record<string, string>;
  readonly port: number;
  readonly requests: SeenRequest[];
  /** `host/path` of each request except those that every crawl makes (robots.txt, ai.txt, tdmrep.json). */
  paths(): string[];
  close(): Promise<void>;
}

export async function startWeb(sites: Sites, ip = '127.0.0.1'): Promise<TestWeb> {
  const requests: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const host = request.headers.host!.replace(/:\d+$/, '');
    const seen = { host, path: request.url!, headers: request.headers, at: Date.now() };
    requests.push(seen);
    const route = sites[seen.host]?.[seen.path] ?? sites[seen.host]?.['*'];
    const answer =
      typeof route === 'function' ? route(seen, response) : typeof route === 'string' ? { body: route } : route;
    if (answer === undefined && typeof route === 'function') return;
    const { status = answer ? 200 : 404, headers = {}, body = '' } = answer ?? {};
    response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', ...headers }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, ip, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    connectTo: Object.fromEntries(Object.keys(sites).map((host) => [host, `${ip}:${port}`])),
    port,
    requests,
    paths: () =>
      requests
        .map(({ host, path }) => host + path)
        .filter((path) => !/\/(robots\.txt|ai\.txt|\.well-known\/tdmrep\.json)$/.test(path)),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A page with links. */
export const page = (...links: readonly string[]): string =>
  `<!doctype html><title>Trang</title><p>Xin chào.</p>${links.map((href) => `<a href="${href}">tiếp</a>`).join('')}`;

/** A page whose text is its own, as that of no other name: digits count as letters. */
export const article = (name: string, ...links: readonly string[]): string =>
  page(...links).replace('Xin chào.', `Bài ${name.replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)])}.`);
