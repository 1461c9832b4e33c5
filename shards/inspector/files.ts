/** A file over HTTP: whole or by byte range (RFC 9110, one range), with an entity tag that changes with the file. */
import { closeSync, createReadStream, fstatSync, openSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body?: string | Uint8Array | Readable;
}

/** From `from` to `to`, both included. `undefined`: whole; `unsatisfiable`: outside of the file. */
function rangeOf(header: string | undefined, size: number): { from: number; to: number } | undefined | 'unsatisfiable' {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === undefined || first + last === '') return undefined; // none, several, or of another unit
  if (first === '') {
    return Number(last) === 0 || size === 0
      ? 'unsatisfiable'
      : { from: Math.max(0, size - Number(last)), to: size - 1 };
  }
  const from = Number(first);
  if (from >= size) return 'unsatisfiable';
  const to = last === '' ? size - 1 : Math.min(size - 1, Number(last));
  return to < from ? undefined : { from, to };
}

const CHUNK_BYTES = 1 << 20;

/** Of a file that the caller has found to be one of those it serves; `undefined` when it cannot be opened. */
export function fileAnswer(path: string, type: string, request: IncomingMessage): Answer | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return undefined;
  }
  const { size: bytes, mtimeNs } = fstatSync(file, { bigint: true });
  const size = Number(bytes);
  const etag = `"${bytes.toString(16)}-${mtimeNs.toString(16)}"`;
  const { 'if-none-match': known, 'if-range': same, range: asked } = request.headers;
  // Whoever reads a shard checks it, and the system caches it: a browser's copy would only take its place on the disk.
  const headers = { etag, 'accept-ranges': 'bytes', 'content-type': type, 'cache-control': 'no-store' };
  const range = rangeOf(same === undefined || same === etag ? asked : undefined, size);
  const without = (status: number, more = {}): Answer => {
    closeSync(file);
    return { status, headers: { ...headers, ...more } };
  };
  if (known?.split(/\s*,\s*/).includes(etag)) return without(304);
  if (range === 'unsatisfiable') return without(416, { 'content-range': `bytes */${size}` });
  const { from, to } = range ?? { from: 0, to: size - 1 };
  const status = range ? 206 : 200;
  const part = {
    'content-length': to - from + 1,
    ...(range && { 'content-range': `bytes ${from}-${to}/${size}` }),
  };
  if (request.method === 'HEAD' || size === 0) return without(status, part);
  const body = createReadStream('', { fd: file, start: from, end: to, highWaterMark: CHUNK_BYTES });
  return { status, headers: { ...headers, ...part }, body };
}
