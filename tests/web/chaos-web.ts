/** A web on which everything goes wrong, page by page and time by time, until it is told to be well. */
import type { CrawlOptions } from '../../crawlers/options.ts';
import { randomOf } from '../crash/states.ts';
import {
  type Answer,
  type Handler,
  type Routes,
  startServer,
  WEB_NETWORK,
  type WebServer,
  webAddress,
} from './server.ts';
import { pageOf } from './text.ts';

const HOSTS = 6;
const PAGES = 20;

export interface ChaosWeb {
  readonly server: WebServer;
  readonly addresses: Readonly<Record<string, string>>;
  readonly seeds: readonly string[];
  /** Address → body, of all pages. */
  readonly pages: ReadonlyMap<string, string>;
  /** From now on all is well, or not. */
  isWell: boolean;
}

/** Ways of a server and a line to fail; some send half of the page. */
const FAULTS: readonly ((body: string) => Answer | Handler)[] = [
  () => (_path, _request, response) => void response.socket?.resetAndDestroy(),
  () => (_path, _request, response) => void response.destroy(),
  () => ({ status: 500 }),
  () => ({ status: 503, headers: { 'retry-after': '0' } }),
  () => ({ status: 429 }),
  () => ({ raw: '' }),
  () => ({ raw: 'HTTP/1.1 2' }),
  () => ({ raw: '<html>this is not HTTP' }),
  (body) => ({ raw: `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 99999\r\n\r\n${body}` }),
  (body) => ({
    raw: `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\nContent-Length: 7\r\n\r\n${body}`,
  }),
  (body) => ({ raw: `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n${body}` }),
  (body) => ({ headers: { 'content-encoding': 'gzip' }, body }),
  (body) => (_path, _request, response) =>
    void response.writeHead(200, { 'content-type': 'text/html' }).write(body.slice(0, body.length / 2)), // and no more
  () => () => undefined, // silence
];

export async function startChaos(seed: number): Promise<ChaosWeb> {
  const random = randomOf(seed);
  const routes = new Map<string, Routes>();
  const addresses: Record<string, string> = {};
  const pages = new Map<string, string>();
  const web = { isWell: false };
  const unlucky =
    (body: string, well: Answer, share: number): Handler =>
    (path, request, response) => {
      if (web.isWell || random() >= share) return well;
      const fault = FAULTS[Math.floor(random() * FAULTS.length)]!(body);
      return typeof fault === 'function' ? fault(path, request, response) : fault;
    };
  const server = await startServer(
    (host) => routes.get(host),
    (host) =>
      !web.isWell && random() < 0.1 ? undefined : addresses[host] === undefined ? undefined : [addresses[host]],
  );
  for (let n = 0; n < HOSTS; n++) {
    const host = `c${n}.vua.test`;
    addresses[host] = webAddress(1000 + n);
    const names = Array.from({ length: PAGES }, (_, i) => `/bai-${i}`);
    const own: [string, Handler | Answer][] = names.map((name, i) => {
      const body = pageOf(host + name, [...names.slice(i + 1, i + 3), '/vong-1']);
      pages.set(`http://${host}:${server.port}${name}`, body);
      return [name, unlucky(body, { body }, 0.3)];
    });
    const front = pageOf(host, names.slice(0, 2));
    pages.set(`http://${host}:${server.port}/`, front);
    routes.set(host, {
      ...Object.fromEntries(own),
      '/': unlucky(front, { body: front }, 0.3),
      '/robots.txt': unlucky(
        'User-agent: *\nAllow: /\n',
        { headers: { 'content-type': 'text/plain' }, body: 'User-agent: *\nDisallow: /cam' },
        0.1,
      ),
      '/vong-1': { status: 302, headers: { location: '/vong-2' } },
      '/vong-2': { status: 302, headers: { location: '/vong-1' } },
    });
  }
  const seeds = Object.keys(addresses).map((host) => `http://${host}:${server.port}/`);
  return Object.assign(web, { server, addresses, seeds, pages });
}

/** Everything that failed is asked for again in the next run; of a web that is well nothing is given up. */
export const chaosOptions = (
  { seeds, isWell }: Pick<ChaosWeb, 'seeds'> & Partial<ChaosWeb>,
  outDir: string,
): CrawlOptions => ({
  ...{ outDir, seeds, allowedAddresses: [WEB_NETWORK], delayMs: 0, retryDelayMs: 5, refreshAfterMs: 0 },
  timeoutMs: isWell ? 60_000 : 400,
});
