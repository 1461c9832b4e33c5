/**
 * The sample web: one HTTP server on loopback that is several hosts, told apart by the Host header. `vua run --sample`
 * crawls it, and the crawl's tests use it. The crawler is told to connect these host names to `connectTo`.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib';
import { loadPages } from './page-file.ts';
import { buildSite, type Resource, type Site } from './site.ts';
import { hostsOf, kinResources, linksOf, ONLY_IN_SITEMAP } from './special.ts';

export interface SampleRequest {
  readonly host: string;
  /** As sent: percent-encoded path and query. */
  readonly path: string;
  readonly status: number;
  readonly ifNoneMatch: string | undefined;
}

export interface SampleWeb {
  readonly seeds: string[];
  /** Host name → address:port of the server. */
  readonly connectTo: Record<string, string>;
  /** Every request so far, in the order of the answers. */
  readonly requests: readonly SampleRequest[];
  close(): Promise<void>;
}

const KIN = 'kin.vua.test';
/** Smaller answers are not worth compressing. */
const COMPRESS_FROM_BYTES = 1024;

/** Starts on a free port of 127.0.0.1. */
export async function startSampleWeb(): Promise<SampleWeb> {
  const sites = new Map(buildSites().map((site) => [site.hostname, site]));
  const requests: SampleRequest[] = [];
  const server = createServer((request, response) => {
    const host = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
    answer(sites.get(host), request, response).catch(() => response.destroy()); // the client went away
    const { statusCode } = response;
    requests.push({ host, path: request.url!, status: statusCode, ifNoneMatch: request.headers['if-none-match'] });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const hostnames = [...sites.keys()];
  return {
    seeds: hostnames.map((hostname) => `http://${hostname}/`),
    connectTo: Object.fromEntries(hostnames.map((hostname) => [hostname, `127.0.0.1:${port}`])),
    requests,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

function buildSites(): Site[] {
  const library = {
    bao: loadPages('bao'),
    sotay: loadPages('sotay'),
    vanhoc: loadPages('vanhoc'),
    special: loadPages('dac-biet'),
  };
  const sites = hostsOf(library).map(({ design, pages, extras }) => {
    const site = buildSite(design, pages, linksOf(extras), new Set([ONLY_IN_SITEMAP]));
    for (const { href, resource } of extras) if (resource) site.resources.set(href, resource);
    return site;
  });
  return [...sites, { hostname: KIN, coding: 'gzip', resources: kinResources(library) }];
}

const NOT_FOUND: Resource = {
  status: 404,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: '<!DOCTYPE html><html lang="vi"><head><title>Không tìm thấy trang</title></head><body><h1>404</h1><p>Trang bạn tìm không có ở đây.</p></body></html>\n',
};

/** Sets the status before it first waits. */
async function answer(site: Site | undefined, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (site === undefined) return void response.writeHead(421).end();
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return void response.writeHead(405, { allow: 'GET, HEAD' }).end();
  const { pathname, search } = new URL(request.url!, `http://${site.hostname}`);
  const resource = site.resources.get(pathname + search) ?? NOT_FOUND;
  for (const [name, value] of Object.entries(resource.headers ?? {})) response.setHeader(name, value);
  if (resource.changed !== undefined) {
    const changed = new Date(`${resource.changed}T00:00:00Z`);
    response.setHeader('etag', etagOf(resource));
    response.setHeader('last-modified', changed.toUTCString());
    if (isUnchanged(request, etagOf(resource), changed)) return void response.writeHead(304).end();
  }
  response.statusCode = resource.status ?? 200;
  if (typeof resource.body === 'function') {
    if (request.method === 'HEAD') return void response.end();
    await pipeline(Readable.from(inLargePieces(resource.body())), response);
    return;
  }
  const plain = Buffer.from(resource.body);
  const { missingBytes = 0 } = resource;
  const isCompressible = plain.length >= COMPRESS_FROM_BYTES && missingBytes === 0 && isText(resource);
  const coding = isCompressible && accepts(request, site.coding) ? site.coding : undefined;
  const body = coding ? COMPRESS[coding](plain) : plain;
  if (coding) response.setHeader('content-encoding', coding);
  response.setHeader('vary', 'accept-encoding');
  response.setHeader('content-length', body.length + missingBytes);
  if (request.method === 'HEAD') return void response.end();
  if (missingBytes > 0) response.write(body, () => response.destroy());
  else response.end(body);
}

const COMPRESS = {
  gzip: (body: Buffer) => gzipSync(body),
  deflate: (body: Buffer) => deflateSync(body),
  br: (body: Buffer) => brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
} as const;

const isText = ({ headers }: Resource): boolean => /^(text|application\/xml)/.test(headers?.['content-type'] ?? '');

const accepts = (request: IncomingMessage, coding: string): boolean =>
  String(request.headers['accept-encoding'] ?? '')
    .split(',')
    .some((part) => part.trim().split(';')[0] === coding);

/** Weak, because the same page is sent with and without compression. */
function etagOf({ body, changed }: Resource): string {
  const content = typeof body === 'function' ? `${changed}` : body;
  return `W/"${createHash('sha1').update(content).digest('hex').slice(0, 16)}"`;
}

/** RFC 9110 §13.2.2: If-None-Match decides; If-Modified-Since counts only without it. */
function isUnchanged({ headers }: IncomingMessage, etag: string, changed: Date): boolean {
  const etags = headers['if-none-match'];
  if (etags !== undefined) return etags.split(',').some((candidate) => candidate.trim() === etag);
  const since = Date.parse(headers['if-modified-since'] ?? '');
  return since >= changed.getTime();
}

function* inLargePieces(rows: Iterable<string>): Generator<string> {
  let piece = '';
  for (const row of rows) {
    piece += row;
    if (piece.length < 65_536) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}
