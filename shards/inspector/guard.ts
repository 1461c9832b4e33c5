/**
 * Who is answered. A page from elsewhere must not read a corpus through the reader's browser: it could send requests from
 * its own origin, or from a name of its own that leads to 127.0.0.1 (DNS rebinding). Beyond this machine a token is asked for.
 */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
const bare = (host: string): string => (host.includes(':') && !host.startsWith('[') ? `[${host}]` : host);
/** Whether only this machine reaches what listens there. */
export const isLoopback = (host: string): boolean =>
  LOOPBACK.includes(bare(host).toLowerCase()) || /^127(?:\.\d{1,3}){3}$/.test(host);

export const COOKIE = 'vua-inspect';

/** Why a request is refused: a status and a line; `undefined` when it is not. */
export function refusal(
  { headers, method = 'GET' }: IncomingMessage,
  host: string,
  token: string | undefined,
): { status: number; why: string } | undefined {
  const name = headers.host ?? '';
  if (
    isLoopback(host) &&
    !LOOPBACK.includes(name.replace(/:\d+$/, '').toLowerCase()) &&
    !/^127\.[\d.]+(:\d+)?$/.test(name)
  )
    return { status: 403, why: 'this server answers under its own address only' };
  const { origin, 'sec-fetch-site': site, 'sec-fetch-mode': mode } = headers;
  if (origin !== undefined && origin !== `http://${name}`) return { status: 403, why: 'asked from another origin' };
  const isElsewhere = site === 'cross-site' || site === 'same-site';
  if (isElsewhere && mode !== 'navigate') return { status: 403, why: 'asked by a page from elsewhere' };
  if (method !== 'GET' && method !== 'HEAD') {
    if (isElsewhere || origin === undefined) return { status: 403, why: 'asked by nobody that says who he is' };
    if (!/^application\/json(;|$)/.test(headers['content-type'] ?? '')) return { status: 415, why: 'JSON is expected' };
  }
  if (token !== undefined && !bringsToken(headers, token))
    return { status: 401, why: 'a token is asked for: open the address that `vua inspect` printed' };
  return undefined;
}

function bringsToken({ cookie = '', authorization = '' }: IncomingMessage['headers'], token: string): boolean {
  const given =
    new RegExp(`(?:^|;\\s*)${COOKIE}=([\\w-]+)`).exec(cookie)?.[1] ?? /^Bearer ([\w-]+)$/.exec(authorization)?.[1];
  return given !== undefined && isSame(given, token);
}

/** In a time that does not tell where they differ. */
export function isSame(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}

const ISOLATED = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};
const LOCKED = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export const HEADERS = {
  ...ISOLATED,
  'content-security-policy': `default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; frame-src 'self'; ${LOCKED}`,
};
/** Of the page that trains: charts bring a style element; checksums are WebAssembly; files of a run are saved from blobs. */
export const TRAINING_HEADERS = {
  ...ISOLATED,
  'content-security-policy': `default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; ${LOCKED}`,
};
