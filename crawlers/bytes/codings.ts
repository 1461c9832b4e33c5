/**
 * Content-Encoding and Transfer-Encoding undone, of answers as they come and as WARC files hold them: gzip, deflate (zlib,
 * and bare as half of the servers send it), br, zstd. A name that is no coding (`none`, `utf-8`) changes nothing, as
 * browsers have it. What was cut gives what is there of it.
 */
import { promisify } from 'node:util';
import {
  brotliDecompress,
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  gunzip,
  inflate,
  inflateRaw,
} from 'node:zlib';
import { Decompress as ZstdDecompress } from 'fzstd';

/** More are a bomb that costs nothing to send; curl has the same limit. */
export const MAX_CODINGS = 5;

/** The body cannot be read: it is not coded as its headers say, or coded too often. */
export class BadCoding extends Error {
  override readonly name = 'BadCoding';
}

export interface Decoded {
  readonly body: Uint8Array;
  /** There is more: the body stops at the limit. */
  readonly isOver: boolean;
  /** It ends before its coding does. */
  readonly isCut?: boolean;
}

/** Codings of a body in the order in which they were applied; `chunked` is none of them. */
export function codingsOf(headers: readonly (readonly [name: string, value: string])[]): string[] {
  const named = (wanted: string): string[] =>
    headers
      .filter(([name]) => name.toLowerCase() === wanted)
      .flatMap(([, value]) => value.toLowerCase().split(','))
      .map((coding) => coding.trim().replace(/^x-(?=gzip$)/, ''))
      .filter((coding) => coding in DECODERS);
  return [...named('content-encoding'), ...named('transfer-encoding')];
}

/**
 * The first `maxBytes` of a body with its codings undone, the last applied first.
 * @throws BadCoding
 */
export async function undoCodings(codings: readonly string[], body: Uint8Array, maxBytes: number): Promise<Decoded> {
  if (codings.length > MAX_CODINGS) {
    throw new BadCoding(`${codings.length} codings one upon the other, at most ${MAX_CODINGS} are undone`);
  }
  let decoded = body;
  let [isOver, isCut] = [false, false];
  for (const coding of codings.toReversed()) {
    if (decoded.length === 0) break;
    const undone = await undo(coding, decoded, maxBytes);
    decoded = undone.body;
    isOver ||= undone.isOver;
    isCut ||= undone.isCut ?? false;
  }
  if (decoded.length > maxBytes) return { body: decoded.subarray(0, maxBytes), isOver: true };
  return { body: decoded, isOver, isCut };
}

async function undo(coding: string, body: Uint8Array, maxBytes: number): Promise<Decoded> {
  let fault: unknown;
  for (const decoder of DECODERS[coding]) {
    try {
      return await decoder(body, maxBytes);
    } catch (error) {
      fault = error;
    }
  }
  throw new BadCoding(`${coding}: ${(fault as Error).message}`, { cause: fault });
}

type Decoder = (body: Uint8Array, maxBytes: number) => Promise<Decoded>;

/** At once where all of it is within the limit, else as a stream that is left there. */
const zlibDecoder =
  (whole: typeof gunzip, create: (options: object) => NodeJS.ReadWriteStream, finishFlush: number): Decoder =>
  async (body, maxBytes) => {
    const atOnce = promisify<Uint8Array, object, Uint8Array>(whole);
    const maxOutputLength = Math.max(1, maxBytes);
    for (const flush of [undefined, finishFlush]) {
      try {
        const found = await atOnce(body, { maxOutputLength, ...(flush !== undefined && { finishFlush: flush }) });
        const isCut = flush !== undefined && !(whole === gunzip && (await lacksTrailer(body, found.length)));
        return { body: found, isOver: false, isCut };
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'ERR_BUFFER_TOO_LARGE') break;
        if (flush !== undefined || code !== 'Z_BUF_ERROR') throw error; // else it was cut
      }
    }
    const chunks: Buffer[] = [];
    let length = 0;
    const stream = create({ finishFlush });
    stream.end(body);
    for await (const chunk of stream as unknown as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > maxBytes) break;
    }
    return { body: Buffer.concat(chunks).subarray(0, maxBytes), isOver: true };
  };

const GZIP_HEAD_BYTES = 10;

/** Many servers forget the eight bytes behind a gzip body: what is in it ended, then, and is whole. */
async function lacksTrailer(body: Uint8Array, length: number): Promise<boolean> {
  if (body[3] !== 0) return false; // a head with a name or a comment in it, which no server writes
  try {
    const bare = promisify<Uint8Array, object, Uint8Array>(inflateRaw);
    await bare(body.subarray(GZIP_HEAD_BYTES), { maxOutputLength: Math.max(1, length) });
    return true;
  } catch {
    return false;
  }
}

const ENOUGH = new Error('enough');

const zstdDecoder: Decoder = async (body, maxBytes) => {
  const chunks: Uint8Array[] = [];
  let length = 0;
  let isCut = false;
  const stream = new ZstdDecompress((chunk) => {
    chunks.push(chunk.slice());
    length += chunk.length;
    if (length > maxBytes) throw ENOUGH;
  });
  try {
    stream.push(body, true);
  } catch (error) {
    isCut = length > 0 && (error as { code?: number }).code === 5; // UnexpectedEOF
    if (error !== ENOUGH && !isCut) throw error;
  }
  return { body: Buffer.concat(chunks).subarray(0, maxBytes), isOver: length > maxBytes, isCut };
};

const { Z_SYNC_FLUSH, BROTLI_OPERATION_FLUSH } = constants;
/** Tried in turn. */
const DECODERS: Readonly<Record<string, readonly Decoder[]>> = {
  gzip: [zlibDecoder(gunzip, createGunzip, Z_SYNC_FLUSH)], // many servers forget the trailer
  deflate: [zlibDecoder(inflate, createInflate, Z_SYNC_FLUSH), zlibDecoder(inflateRaw, createInflateRaw, Z_SYNC_FLUSH)],
  br: [zlibDecoder(brotliDecompress, createBrotliDecompress, BROTLI_OPERATION_FLUSH)],
  zstd: [zstdDecoder],
};
