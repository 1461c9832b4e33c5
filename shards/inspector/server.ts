/**
 * The server of `vua inspect`: views of a corpus and the token folders below one folder, to a browser on this machine.
 *
 *   /                     to the first view
 *   /VIEW                 the page; what it shows stands in the query
 *   /page/FILE            its scripts and styles, from memory
 *   /api/, /api/PATH      JSON: what the views' endpoints answer, and a list of them
 *   /NAME/, /NAME/FILE    another page and its files, from memory: the one that trains
 *   /folders.json         the token folders that there are now
 *   /tokens/PATH/FILE     manifest, tokenizer and shards of one of them, by range
 *
 * Only files with the names of a token folder's files, in folders that the search found, are opened by name; endpoints take
 * fingerprints and ids. Pages are cross-origin isolated, so that they have SharedArrayBuffer. `guard.ts`: who is answered.
 */
import { realpathSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, sep } from 'node:path';
import { Readable } from 'node:stream';
import { badInput, reasonOf } from '../../crawlers/shell/errors.ts';
import { COUNTS_FILE, MANIFEST_FILE } from '../format.ts';
import type { FoundFolder } from '../tokens/source.ts';
import { apiAnswer } from './answer.ts';
import { openRoot } from './corpora.ts';
import { type Answer, fileAnswer } from './files.ts';
import { findTokenFolders } from './folders.ts';
import { COOKIE, HEADERS, isSame, refusal, TRAINING_HEADERS } from './guard.ts';
import { closeTables } from './table.ts';
import type { View } from './view.ts';

/** Files of a page by name; `index.html` is the page. */
export type Site = ReadonlyMap<string, Uint8Array>;

export interface ServerOptions {
  /** Token folders at or below it are served. */
  readonly dir: string;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Asked of everyone, where it is said. */
  readonly token?: string;
  /** The first one is where `/` leads. */
  readonly views?: readonly View[];
  /** The page that draws them: `index.html`, and what `/page/` has. */
  readonly site?: Site;
  /** Pages for themselves, by name; without views the first one is where `/` leads. */
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
  txt: 'text/plain; charset=utf-8',
};
const typeOf = (file: string): string => TYPES[file.slice(file.lastIndexOf('.') + 1)] ?? 'application/octet-stream';

const TOKEN_FILES = [MANIFEST_FILE, 'tokenizer.json', 'tokenizer_config.json'];
const isTokenFile = (file: string): boolean =>
  TOKEN_FILES.includes(file) ||
  /^[a-z]+-\d{5,}(-[0-9a-f]{16})?\.(arrow|documents\.feather)$/.test(file) ||
  COUNTS_FILE.test(file);

/** Of a request, in bytes: what was typed stands in its address, a letter in up to nine. */
const MOST_HEADER = 2 ** 20;

/** @throws ToolkitError BAD_INPUT (exit 2) when DIR is no folder or the address cannot be had. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { dir, host, port, token, views = [] } = options;
  const root = openRoot(dir);
  let known = new Set<string>();
  const refresh = (): FoundFolder[] => {
    const folders = findTokenFolders(root.dir);
    known = new Set(folders.map(({ path }) => path));
    return folders;
  };

  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const url = urlOf(request.url ?? '/');
    const entered = url && token !== undefined ? entering(url, token) : undefined;
    const refused = refusal(request, host, entered === undefined ? token : undefined);
    if (refused) return says(refused.status, refused.why);
    if (entered) return entered;
    const segments = url && segmentsOf(url);
    if (!url || !segments) return says(400, 'not an address of a file');
    const [first, ...rest] = segments;
    if (first === 'api') return apiAnswer(rest.join('/'), url.searchParams, request, { views, root });
    if (request.method !== 'GET' && request.method !== 'HEAD') return says(405, 'GET or HEAD', { allow: 'GET, HEAD' });
    const file = rest.pop();
    if (file === undefined) {
      if (first === 'folders.json') {
        const headers = { 'content-type': TYPES.json, 'cache-control': 'no-store' };
        return { status: 200, headers, body: JSON.stringify({ dir, folders: refresh() }) };
      }
      if (first === '') return start(options, root.corpora().length > 0);
      return pageAt(first, options) ?? says(404, 'not found');
    }
    if (first === 'tokens') return tokenFile(rest.join('/'), file, request) ?? says(404, 'not found');
    return (rest.length === 0 && siteFile(first, file, options)) || says(404, 'not found');
  };

  const tokenFile = (folder: string, file: string, request: IncomingMessage): Answer | undefined => {
    if (!isTokenFile(file)) return undefined;
    if (!known.has(folder)) refresh();
    const path = known.has(folder) ? within(root.dir, join(root.dir, folder, file)) : undefined;
    return path === undefined ? undefined : fileAnswer(path, typeOf(file), request);
  };

  const server = createServer({ maxHeaderSize: MOST_HEADER }, async (request, response) => {
    let given: Answer;
    try {
      given = await answer(request);
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
      closeTables();
    },
  };
}

/** Where `/` leads: to the first view, where there are no documents to the first page for itself. */
function start({ views = [], pages }: ServerOptions, hasDocuments: boolean): Answer {
  const [page] = Object.keys(pages);
  const to = views.length > 0 && (hasDocuments || page === undefined) ? `/${views[0].name}` : `/${page}/`;
  return says(302, to, { location: to });
}

/** What lies at `/NAME`: a view, or a page for itself. */
function pageAt(name: string, { views = [], site, pages }: ServerOptions): Answer | undefined {
  if (Object.hasOwn(pages, name)) return says(302, `/${name}/`, { location: `/${name}/` });
  const isView = views.some((view) => view.name === name && view.page !== undefined);
  return isView && site ? fromMemory(site, 'index.html') : undefined;
}

/** A file of a page. */
function siteFile(name: string, file: string, { site, pages }: ServerOptions): Answer | undefined {
  if (name === 'page') return site && fromMemory(site, file);
  if (!Object.hasOwn(pages, name)) return undefined;
  const found = fromMemory(pages[name], file || 'index.html');
  return found && { ...found, headers: { ...TRAINING_HEADERS, ...found.headers } };
}

function fromMemory(site: Site, name: string): Answer | undefined {
  const body = site.get(name);
  return body && { status: 200, headers: { 'content-type': typeOf(name), 'cache-control': 'no-cache' }, body };
}

/** Whoever brings the token in an address gets a cookie for it, and the address without it. */
function entering(url: URL, token: string): Answer | undefined {
  const given = url.searchParams.get('token');
  if (given === null || !isSame(given, token)) return undefined;
  url.searchParams.delete('token');
  const cookie = `${COOKIE}=${token}; HttpOnly; SameSite=Strict; Path=/`;
  return says(302, 'welcome', { location: `${url.pathname.replace(/^\/+/, '/')}${url.search}`, 'set-cookie': cookie });
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

function urlOf(url: string): URL | undefined {
  try {
    return new URL(`http://any${url.startsWith('/') ? '' : '/'}${url}`);
  } catch {
    return undefined;
  }
}

/** Decoded parts of the path. None may be, or hide, a step up or a separator. */
function segmentsOf({ pathname }: URL): string[] | undefined {
  try {
    const parts = pathname.slice(1).split('/').map(decodeURIComponent);
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

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const hint = error.code === 'EADDRINUSE' ? 'choose another --port, or 0 for any free one' : undefined;
      reject(badInput('BAD_INPUT', `${host}:${port}: ${reasonOf(error)}`, hint, error));
    });
    server.listen(port, host, resolve);
  });
}
