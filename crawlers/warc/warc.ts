/**
 * WARC files (ISO 28500), as the crawl writes them; read-warc.ts reads ours and foreign ones.
 *
 *   NAME-00000.warc.gz   [warcinfo][request][metadata][response][request][metadata][revisit]…   a gzip member each (gzip.ts)
 *
 * Bodies stand here with Transfer-Encoding and Content-Encoding undone, in both directions. The writer says so the
 * way other archivers do: the server's own length and codings move to `X-Orig-…` headers, so that the stored HTTP
 * message stays true. Named fields that WARC does not know (`Vua-Consent: no-train`) travel in `extra`.
 */
import { createHash, randomUUID } from 'node:crypto';
import { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, openSync, readdirSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ToolkitError } from '../shell/errors.ts';
import { makeFolder, unwritable, writeFault } from '../shell/folder.ts';
import { packMember } from './gzip.ts';
import type { HeaderPairs } from './http-message.ts';
import { endOfLastWholeMember, isTornWrite } from './members.ts';

export type WarcRecordType = 'response' | 'revisit' | 'resource' | 'conversion';

export interface WarcRecord {
  /** `revisit` for a 304; `resource` and `conversion` (a file without HTTP, a text version) are read, never written. */
  readonly type: WarcRecordType;
  readonly url: string;
  /** ISO 8601, UTC. */
  readonly fetchedAt: string;
  /** HTTP status; 200 for `resource` and `conversion`. */
  readonly status: number;
  readonly statusText: string;
  /** As the server sent them: order, case and repeated names kept. */
  readonly headers: HeaderPairs;
  /** Transfer-Encoding and Content-Encoding undone. */
  readonly body: Uint8Array;
  /** Where the body is not whole, why: `length`, `disconnect`, `time`, `unspecified`. */
  readonly truncated?: string;
  /** Where `body` is only the head of what is too large to be read: how many bytes were met, at least. */
  readonly wholeBytes?: number;
  /** Byte of the file from which it can be read by itself: of its gzip member, where it has one of its own. */
  readonly at?: number;
  /** WARC-Payload-Digest as it was read; the writer computes its own. */
  readonly digest?: string;
  /** The body is that of an earlier record, which the fields of a `revisit` name: it is not written again. */
  readonly isIdentical?: boolean;
  /** Of a `revisit`: the record that holds the body, as far as it is named. */
  readonly refersTo?: { readonly url?: string; readonly date: string };
  /** What was sent, header lines included; it becomes a record before this one. */
  readonly request?: string;
  /** IP address that answered. */
  readonly address?: string;
  /** What is known of how the URL was come by; becomes a record before this one. */
  readonly metadata?: HeaderPairs;
  /** Further named fields of the record, in order. Names must be tokens; line breaks in values become spaces. */
  readonly extra: HeaderPairs;
}

/** Where a record stands: the file's name, and the byte behind the record. */
export interface WarcPlace {
  readonly file: string;
  readonly end: number;
}

const VERSION = 'WARC/1.1';
const REVISIT_PROFILE = 'http://netpreserve.org/warc/1.1/revisit';
/** True of the wire, not of what is stored. */
const WIRE_HEADER = /^(content-length|content-encoding|transfer-encoding)$/i;

export interface WarcWriterOptions {
  readonly maxBytes?: number;
  readonly note?: (text: string) => void;
}

/**
 * Appends records to DIR/PREFIX-NNNNN.warc.gz and starts the next file when one has reached `maxBytes`. A record is
 * in the file when `write` resolves. Continues the last file of an earlier run behind its last whole record; what a
 * crash left behind that is cut off, and `note` hears of it.
 */
export class WarcWriter {
  /** The last file of earlier runs, and where its last whole record ends. */
  readonly resumed: WarcPlace;
  readonly #dir: string;
  readonly #prefix: string;
  readonly #maxBytes: number;
  #number: number;
  #file: number;
  #size: number;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(dir: string, prefix: string, { maxBytes = 1e9, note }: WarcWriterOptions) {
    this.#dir = dir;
    this.#prefix = prefix;
    this.#maxBytes = maxBytes;
    const name = new RegExp(`^${prefix.replace(/[^\w]/g, '\\$&')}-(\\d{5,})\\.warc\\.gz$`);
    const numbers = readdirSync(dir).flatMap((file) => name.exec(file)?.[1] ?? []);
    this.#number = Math.max(0, ...numbers.map(Number));
    this.#file = this.#openFile();
    const { end, isWhole } = cutTornTail(this.#file, this.#path(), note);
    this.resumed = { file: basename(this.#path()), end };
    this.#size = end;
    if (!isWhole) this.#startNextFile();
  }

  /** One writer per folder and prefix. @throws ToolkitError UNWRITABLE_FOLDER (exit 2), WRITE_FAILED. */
  static open(dir: string, prefix: string, options: WarcWriterOptions = {}): WarcWriter {
    try {
      makeFolder(dir);
      return new WarcWriter(dir, prefix, options);
    } catch (error) {
      if (error instanceof ToolkitError) throw error;
      throw writeFault(dir, error) ?? unwritable(dir, error);
    }
  }

  /** Calls may overlap; records are appended in the order of the calls. @throws ToolkitError WRITE_FAILED. */
  write(record: WarcRecord): Promise<WarcPlace> {
    const written = this.#last.then(() => this.#append(record));
    this.#last = written.catch(() => {}); // the caller of the failed write gets the error, the next write its own chance
    return written;
  }

  /** Waits for the writes under way and makes the file safe against a power cut. */
  async close(): Promise<void> {
    await this.#last;
    try {
      fsyncSync(this.#file);
    } catch (error) {
      throw this.#fault(error);
    } finally {
      closeSync(this.#file);
    }
  }

  #fault(error: unknown, bytes?: number): unknown {
    return writeFault(this.#path(), error, bytes) ?? error;
  }

  #startNextFile(): void {
    const full = this.#file;
    this.#number++;
    this.#file = this.#openFile();
    this.#size = 0;
    closeSync(full);
  }

  #openFile(): number {
    return openSync(this.#path(), constants.O_RDWR | constants.O_CREAT);
  }

  #path(): string {
    return join(this.#dir, `${this.#prefix}-${String(this.#number).padStart(5, '0')}.warc.gz`);
  }

  async #append(record: WarcRecord): Promise<WarcPlace> {
    if (this.#size >= this.#maxBytes) {
      try {
        fsyncSync(this.#file);
        this.#startNextFile();
      } catch (error) {
        throw this.#fault(error);
      }
    }
    if (this.#size === 0) await this.#appendMembers([warcinfo(this.#prefix)]);
    await this.#appendMembers(serialize(record));
    return { file: basename(this.#path()), end: this.#size };
  }

  async #appendMembers(records: readonly Uint8Array[]): Promise<void> {
    const member = Buffer.concat(await Promise.all(records.map(packMember)));
    try {
      for (let done = 0; done < member.length; ) {
        done += writeSync(this.#file, member, done, member.length - done, this.#size + done);
      }
    } catch (error) {
      ftruncateSync(this.#file, this.#size); // never leave half a record for the next one to stand behind
      throw this.#fault(error, member.length);
    }
    this.#size += member.length;
  }
}

/**
 * Cuts off what a crash left behind the last whole record of an open file of ours. A damaged file, or another
 * program's, is left as it is.
 * @returns where the last whole record ends, and whether that is now the end of the file.
 */
export function cutTornTail(
  file: number,
  path: string,
  note: (text: string) => void = () => {},
): { readonly end: number; readonly isWhole: boolean } {
  const { size } = fstatSync(file);
  const end = endOfLastWholeMember(file);
  if (end === size) return { end, isWhole: true };
  const isWhole = isTornWrite(file, end);
  if (isWhole) ftruncateSync(file, end);
  const fate = isWhole ? 'an unfinished record, cut off' : 'damaged, or not of this program: left as they are';
  note(`${path}: the last ${size - end} bytes are ${fate}`);
  return { end, isWhole };
}

function warcinfo(prefix: string): Uint8Array {
  const block = Buffer.from(`software: vua\r\nformat: WARC File Format 1.1\r\nisPartOf: ${prefix}\r\n`);
  return joinRecord(
    [
      ['WARC-Type', 'warcinfo'],
      ['WARC-Date', new Date().toISOString()],
      ['Content-Type', 'application/warc-fields'],
    ],
    block,
  );
}

/** The record, behind those of its request and metadata: they are named after it. */
function serialize(record: WarcRecord): Uint8Array[] {
  const { type, status, statusText, body, request, metadata, address, isIdentical = false, refersTo } = record;
  const isRevisit = type === 'revisit';
  const head = [`HTTP/1.1 ${status} ${statusText}`];
  for (const [name, value] of record.headers) {
    head.push(WIRE_HEADER.test(name) && !isRevisit ? `X-Orig-${name}: ${value}` : `${name}: ${value}`);
  }
  if (!isRevisit) head.push(`Content-Length: ${body.length}`);
  const httpHead = Buffer.from(`${head.map(latin1Line).join('\r\n')}\r\n\r\n`, 'latin1');
  const id = newId();
  const of: HeaderPairs = [
    ['WARC-Target-URI', record.url],
    ['WARC-Date', record.fetchedAt],
  ];
  const beside: HeaderPairs = [...of, ['WARC-Concurrent-To', id]];
  const fields: (readonly [string, string])[] = [
    ['WARC-Type', type],
    ...of,
    ['Content-Type', 'application/http; msgtype=response'],
  ];
  if (address !== undefined) fields.push(['WARC-IP-Address', address]);
  if (isRevisit)
    fields.push([
      'WARC-Profile',
      `${REVISIT_PROFILE}/${isIdentical ? 'identical-payload-digest' : 'server-not-modified'}`,
    ]);
  if (refersTo?.url !== undefined) fields.push(['WARC-Refers-To-Target-URI', refersTo.url]);
  if (refersTo !== undefined) fields.push(['WARC-Refers-To-Date', refersTo.date]);
  if (!isRevisit || isIdentical) fields.push(['WARC-Payload-Digest', payloadDigest(body)]);
  if (record.truncated !== undefined) fields.push(['WARC-Truncated', record.truncated]);
  const records = [
    joinRecord([...fields, ...record.extra], isRevisit ? httpHead : Buffer.concat([httpHead, body]), id),
  ];
  if (metadata !== undefined) {
    const lines = metadata.map(([name, value]) => `${name}: ${value.replace(/[\r\n]+/g, ' ')}\r\n`).join('');
    const kind: HeaderPairs = [['WARC-Type', 'metadata'], ...beside, ['Content-Type', 'application/warc-fields']];
    records.unshift(joinRecord(kind, Buffer.from(lines)));
  }
  if (request !== undefined) {
    const kind: HeaderPairs = [
      ['WARC-Type', 'request'],
      ...beside,
      ['Content-Type', 'application/http; msgtype=request'],
    ];
    records.unshift(joinRecord(kind, Buffer.from(request, 'latin1')));
  }
  return records;
}

const newId = (): string => `<urn:uuid:${randomUUID()}>`;

function joinRecord(fields: HeaderPairs, block: Uint8Array, id = newId()): Uint8Array {
  const lines = [VERSION, `WARC-Record-ID: ${id}`];
  for (const [name, value] of [...fields, ['Content-Length', String(block.length)]]) {
    lines.push(`${name}: ${value!.replace(/[\r\n]+/g, ' ')}`);
  }
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), block, Buffer.from('\r\n\r\n')]);
}

/** No byte of a header may end its line, nor come to do so when it is written as Latin-1. */
const latin1Line = (line: string): string => line.replace(/[^\t\x20-\x7e\x80-\xff]+/g, ' ');

/** WARC-Payload-Digest of a body as our files hold it. */
export const payloadDigest = (body: Uint8Array): string => `sha1:${base32(createHash('sha1').update(body).digest())}`;

/** RFC 4648; the spelling of digests that WARC tools compare. */
function base32(bytes: Uint8Array): string {
  let text = '';
  let pending = 0;
  let bits = 0;
  for (const byte of bytes) {
    pending = (pending << 8) | byte;
    for (bits += 8; bits >= 5; ) {
      bits -= 5;
      text += BASE32[(pending >> bits) & 31];
    }
    pending &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + BASE32[(pending << (5 - bits)) & 31];
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
