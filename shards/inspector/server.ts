/**
 * The server of `vua inspect`: pages, and the token folders below one folder, to a browser on this machine.
 *
 *   /                     to the first page
 *   /NAME/, /NAME/FILE    a page and its files, from memory: rooms to the right bring theirs
 *   /folders.json         the token folders that there are now
 *   /tokens/PATH/FILE     manifest, tokenizer and shards of one of them, by range
 *
 * Only files with the names of a token folder's files, in folders that the search found, are ever opened. Pages are
 * cross-origin isolated, so that they have SharedArrayBuffer. A request that names another host is refused: a page from
 * elsewhere could otherwise read the corpus through a name of its own that leads to 127.0.0.1.
 */
import { realpathSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, sep } from 'node:path';
import { Readable } from 'node:stream';
import { badInput, reasonOf } from '../../crawlers/shell/errors.ts';
import { MANIFEST_FILE } from '../format.ts';
import type { FoundFolder } from '../tokens/source.ts';
import { type Answer, fileAnswer } from './files.ts';
import { findTokenFolders } from './folders.ts';

/** Files of a page by name; `index.html` is the page. */
export type Site = ReadonlyMap<string, Uint8Array>;

export interface ServerOptions {
  /** Token folders at or below it are served. */
  readonly dir: string;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** By name; the first one is where `/` leads. */
  readonly pages: Readonly<Record<string, Site>>;
}

export interface RunningServer {
  /** `http://127.0.0.1:8470` */
  readonly address: string;
  close(): Promise<void>;
}

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
  json: 'application/json',
  arrow: 'application/vnd.apache.arrow.file',
  feather: 'application/vnd.apache.arrow.file',
};
const typeOf = (file: string): string => TYPES[file.slice(file.lastIndexOf('.') + 1)] ?? 'application/octet-stream';

const TOKEN_FILES = [MANIFEST_FILE, 'tokenizer.json', 'tokenizer_config.json'];
const isTokenFile = (file: string): boolean =>
  TOKEN_FILES.includes(file) || /^[a-z]+-\d{5,}(-[0-9a-f]{16})?\.(arrow|documents\.feather)$/.test(file);

const HEADERS = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  // Charts bring a style element; checksums are WebAssembly; files of a run are saved from blobs.
  'content-security-policy':
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** @throws ToolkitError BAD_INPUT (exit 2) when DIR is no folder or the address cannot be had. */
export async function startServer({ dir, host, port, pages }: ServerOptions): Promise<RunningServer> {
  let root: string;
  try {
    root = realpathSync(dir);
    if (!statSync(root).isDirectory()) throw new Error('not a folder');
  } catch (error) {
    throw badInput('BAD_INPUT', `${dir}: ${reasonOf(error)}`, 'give a folder with token folders in it');
  }
  let known = new Set<string>();
  const refresh = (): FoundFolder[] => {
    const folders = findTokenFolders(root);
    known = new Set(folders.map(({ path }) => path));
    return folders;
  };

  const answer = (request: IncomingMessage): Answer => {
    if (!isOurs(request.headers.host, host)) return says(403, 'this server answers under its own address only');
    if (request.method !== 'GET' && request.method !== 'HEAD') return says(405, 'GET or HEAD', { allow: 'GET, HEAD' });
    const segments = segmentsOf(request.url ?? '/');
    if (!segments) return says(400, 'not an address of a file');
    const [first, ...rest] = segments;
    const file = rest.pop();
    if (file === undefined) {
      if (first === 'folders.json') {
        const headers = { 'content-type': TYPES.json, 'cache-control': 'no-store' };
        return { status: 200, headers, body: JSON.stringify({ dir, folders: refresh() }) };
      }
      const page = first === '' ? Object.keys(pages)[0] : Object.hasOwn(pages, first) && first;
      return page ? says(302, `/${page}/`, { location: `/${page}/` }) : says(404, 'not found');
    }
    if (first === 'tokens') return tokenFile(rest.join('/'), file, request) ?? says(404, 'not found');
    const name = file || 'index.html';
    const body = rest.length === 0 && Object.hasOwn(pages, first) ? pages[first].get(name) : undefined;
    if (!body) return says(404, 'not found');
    return { status: 200, headers: { 'content-type': typeOf(name), 'cache-control': 'no-cache' }, body };
  };

  const tokenFile = (folder: string, file: string, request: IncomingMessage): Answer | undefined => {
    if (!isTokenFile(file)) return undefined;
    if (!known.has(folder)) refresh();
    const path = known.has(folder) ? within(root, join(root, folder, file)) : undefined;
    return path === undefined ? undefined : fileAnswer(path, typeOf(file), request);
  };

  const server = createServer((request, response) => {
    let given: Answer;
    try {
      given = answer(request);
    } catch (error) {
      given = says(500, reasonOf(error));
    }
    send(given, request, response);
  });
  await listen(server, host, port);
  const { address, port: bound } = server.address() as AddressInfo;
  return {
    address: `http://${address.includes(':') ? `[${address}]` : address}:${bound}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const says = (status: number, text: string, headers: Answer['headers'] = {}): Answer => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8', ...headers },
  body: `${text}\n`,
});

function send({ status, headers, body }: Answer, { method }: IncomingMessage, response: ServerResponse): void {
  response.writeHead(status, { ...HEADERS, ...headers });
  if (!(body instanceof Readable)) {
    response.end(method === 'HEAD' ? undefined : body);
    return;
  }
  body.on('error', () => response.destroy()); // the reader sees a body that breaks off
  response.on('close', () => body.destroy());
  body.pipe(response);
}

/** Decoded parts of the path. None may be, or hide, a step up or a separator. */
function segmentsOf(url: string): string[] | undefined {
  try {
    const parts = new URL(url, 'http://any').pathname.slice(1).split('/').map(decodeURIComponent);
    return parts.some((part) => part === '..' || part === '.' || /[/\\\0]/.test(part)) ? undefined : parts;
  } catch {
    return undefined;
  }
}

/** The file, links followed, when it lies in `root`. */
function within(root: string, path: string): string | undefined {
  try {
    const real = realpathSync(path);
    return real.startsWith(root.endsWith(sep) ? root : root + sep) ? real : undefined;
  } catch {
    return undefined;
  }
}

/** On loopback the names of loopback; elsewhere whoever opened the port to the network chose to. */
function isOurs(header: string | undefined, host: string): boolean {
  const bound = host.includes(':') ? `[${host}]` : host;
  if (!LOOPBACK.includes(bound)) return true;
  return LOOPBACK.includes((header ?? '').replace(/:\d+$/, '').toLowerCase());
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const hint = error.code === 'EADDRINUSE' ? 'choose another --port, or 0 for any free one' : undefined;
      reject(badInput('BAD_INPUT', `${host}:${port}: ${reasonOf(error)}`, hint, error));
    });
    server.listen(port, host, resolve);
  });
}
