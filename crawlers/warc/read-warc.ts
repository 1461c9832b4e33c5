/**
 * Reading WARC files, ours and foreign ones, plain or gzip (by record or as a whole). A record is handed out when it ended
 * where it says, so that damage costs the records that it lies in: reading goes on with the next gzip member that begins
 * with a record, or, where there are none, with the next line that does.
 */
import { badInput, type ToolkitError } from '../shell/errors.ts';
import { ByteReader } from './byte-reader.ts';
import type { Window } from './file-input.ts';
import { type RecordStart, unpackRecords } from './gzip.ts';
import { decodeBody, type HeaderPairs, headerOf, parseFields, parseResponse } from './http-message.ts';
import { isFirstSegment, type Segmented, Segments } from './segments.ts';
import type { WarcRecord, WarcRecordType } from './warc.ts';

export interface ReadWarcOptions {
  /** A record with a larger block or a larger decoded body is skipped. Default 64 MiB. */
  readonly maxRecordBytes?: number;
  /** Yields the head of such a record instead, with `wholeBytes`. */
  readonly withHeads?: boolean;
  /** Counts what is skipped, by reason: `larger than 67108864 bytes`, `record type warcinfo`, `no HTTP response`; request and metadata records are none of it. */
  readonly skipped?: Map<string, number>;
  /** Byte from which records are read: one begins there. */
  readonly from?: number;
  /** Byte before which a gzip member must begin to be read. */
  readonly to?: number;
  /** The part of the file that holds them. */
  readonly within?: Window;
  /** Hears how many bytes were read from the file, as they are stored. */
  readonly onRead?: (bytes: number) => void;
}

const MAX_RECORD_BYTES = 64 * 2 ** 20;
const MAX_HEADER_BYTES = 2 ** 20;
/** What is kept of a record that is too large. */
const HEAD_BYTES = 65_536;
/** Fields of the standard; the rest is `extra`. */
const STANDARD_FIELD = /^(warc-|content-(type|length)$)/i;

/**
 * Records in order, one in memory at a time. Ends early, without an error, when `signal` is aborted.
 * @throws ToolkitError BAD_INPUT, TRUNCATED_GZIP, BAD_GZIP, TRUNCATED_WARC, BAD_WARC (exit 2), naming file and offset of
 * the first damage and how many records are whole, after those were yielded.
 */
export async function* readWarc(
  path: string,
  signal?: AbortSignal,
  { maxRecordBytes = MAX_RECORD_BYTES, skipped, withHeads = false, onRead, from = 0, to, within }: ReadWarcOptions = {},
): AsyncGenerator<WarcRecord> {
  const reader = new ByteReader<RecordStart>(unpackRecords(path, signal, onRead, from, within));
  const count = (reason: string): void => void skipped?.set(reason, (skipped.get(reason) ?? 0) + 1);
  const damages: ToolkitError[] = [];
  const segments = new Segments(maxRecordBytes);
  let records = 0;
  /** Of the gzip member that begins with the next record. */
  let member: number | undefined;
  let isPacked = false;
  try {
    let line = await nextLine(reader);
    /** Of a record that did not end before a border: what is wrong with it, unless the border knows better. */
    let unfinished: ((isEnd: boolean) => ToolkitError) | undefined;
    while (!signal?.aborted) {
      if (line === undefined) {
        const border = await reader.pass();
        const damage = border?.damage ?? unfinished?.(border === undefined);
        if (damage !== undefined) damages.push(damage);
        if (border === undefined || (to !== undefined && border.at >= to)) break;
        member = border.at;
        isPacked = true;
        unfinished = undefined;
        line = await nextLine(reader);
        continue;
      }
      const headStart = reader.lineStart;
      const at = member ?? (isPacked ? undefined : from + headStart);
      member = undefined;
      const head = await readHeader(line, reader);
      if (head === undefined) {
        unfinished = () => badWarc(path, headStart, 'a record header that does not end');
        line = undefined;
        continue;
      }
      if (typeof head === 'string') {
        damages.push(badWarc(path, headStart, head));
        line = await nextRecordLine(reader);
        continue;
      }
      const { fields, type, length } = head;
      const start = reader.offset;
      const isLarge = length > maxRecordBytes;
      const isRest = type === 'continuation' && segments.expects(fields);
      const isUnread = (!isReadable(type) && !isRest) || (isLarge && !withHeads);
      const wanted = isUnread ? 0 : isLarge ? HEAD_BYTES : length;
      const block = await reader.read(wanted);
      const present = block.length + (block.length < wanted ? 0 : await reader.skip(length - wanted));
      if (signal?.aborted) return;
      if (present < length) {
        const fact = `the block of record ${records + 1}: ${present} of ${length} bytes are there`;
        unfinished = (isEnd) => (isEnd ? cutWarc : badWarc)(path, start, fact);
        line = undefined;
        continue;
      }
      line = await nextLine(reader);
      if (line !== undefined && !isVersion(line)) {
        damages.push(badWarc(path, reader.lineStart, `${expected(line)} behind a block of ${length} bytes`));
        line = await nextRecordLine(reader);
        continue;
      }
      records++;
      if (BESIDE.has(type)) continue;
      const isFirst = isReadable(type) && !isLarge && isFirstSegment(fields);
      if (isFirst || isRest) {
        const whole = isRest ? segments.add(fields, block) : segments.begin({ type, fields, block, at });
        if (whole !== undefined) yield* joined([whole], maxRecordBytes, count);
      } else if (!isReadable(type)) count(`record type ${type || 'missing'}`);
      else if (isLarge && !withHeads) count(`larger than ${maxRecordBytes} bytes`);
      else {
        const record = isLarge
          ? await parseRecord(type, fields, block, 0, length)
          : await parseRecord(type, fields, block, maxRecordBytes, withHeads ? maxRecordBytes + 1 : undefined);
        if (typeof record === 'string') count(record);
        else yield { ...record, at };
      }
    }
    yield* joined(segments.rest(), maxRecordBytes, count);
  } finally {
    await reader.close();
  }
  if (signal?.aborted || damages.length === 0) return;
  const [first] = damages;
  const more = damages.length > 1 ? `, ${damages.length} places are damaged` : '';
  throw badInput(first.code, `${first.message}; ${records} records were read${more}`, first.hint, first);
}

/** What came in segments, whole or as far as it came. */
async function* joined(
  found: readonly Segmented[],
  maxBytes: number,
  count: (reason: string) => void,
): AsyncGenerator<WarcRecord> {
  for (const { type, fields, block, at } of found) {
    const record = await parseRecord(type as WarcRecordType, fields, block, maxBytes, undefined);
    if (typeof record === 'string') count(record);
    else yield { ...record, at };
  }
}

const isReadable = (type: string): type is WarcRecordType =>
  type === 'response' || type === 'revisit' || type === 'resource' || type === 'conversion';

/** Records about others, with nothing to read. */
const BESIDE = new Set(['request', 'metadata']);

const isVersion = (line: Buffer): boolean => /^WARC\/\d+\.\d+\s*$/.test(line.toString('latin1', 0, 32));
const expected = (line: Buffer): string => `expected "WARC/1.x", found ${JSON.stringify(line.toString('utf8', 0, 40))}`;

/** The next line that is not blank; `undefined` at a border, or at the end. */
async function nextLine(reader: Reader): Promise<Buffer | undefined> {
  let line = await reader.readLine(MAX_HEADER_BYTES);
  while (line !== undefined && (line.length === 0 || (line.length === 1 && line[0] === 0x0d))) {
    line = await reader.readLine(MAX_HEADER_BYTES);
  }
  return line;
}

/** Past damage: the next line with which a record may begin. */
async function nextRecordLine(reader: Reader): Promise<Buffer | undefined> {
  let line = await nextLine(reader);
  while (line !== undefined && !isVersion(line)) line = await nextLine(reader);
  return line;
}

type Reader = ByteReader<RecordStart>;

interface Head {
  readonly fields: HeaderPairs;
  readonly type: string;
  /** Of the block. */
  readonly length: number;
}

/** A record's named fields behind its first line, or what is wrong with them; `undefined` when they do not end. */
async function readHeader(version: Buffer, reader: Reader): Promise<Head | string | undefined> {
  if (!isVersion(version)) return expected(version);
  const start = reader.offset;
  const lines: string[] = [];
  for (;;) {
    const line = await reader.readLine(MAX_HEADER_BYTES);
    if (line?.length === 0) break;
    if (line === undefined) return undefined;
    if (reader.offset - start > MAX_HEADER_BYTES) return 'a record header that does not end';
    lines.push(line.toString('utf8'));
  }
  const fields = parseFields(lines);
  const length = Number(headerOf(fields, 'content-length') ?? Number.NaN);
  if (!Number.isSafeInteger(length) || length < 0) return 'a record header without a valid Content-Length';
  return { fields, type: headerOf(fields, 'warc-type')?.toLowerCase() ?? '', length };
}

const badWarc = (path: string, offset: number, fact: string): ToolkitError =>
  badInput(
    'BAD_WARC',
    `${path}: at byte ${offset}${unpackedNote(path)}: ${fact}`,
    'the file is damaged or not a WARC file; what is whole was read',
  );

const cutWarc = (path: string, offset: number, fact: string): ToolkitError =>
  badInput(
    'TRUNCATED_WARC',
    `${path}: ends at byte ${offset}${unpackedNote(path)} inside ${fact}`,
    'fetch or copy the file again; what stands before the cut was read',
  );

const unpackedNote = (path: string): string => (path.endsWith('.gz') ? ' of the unpacked data' : '');

/**
 * A record, or the reason why it is none.
 * @param maxBytes of the decoded body; 0 for the head of a record, which is left as it is
 * @param wholeBytes that a record is said to have whose body is larger
 */
async function parseRecord(
  type: WarcRecordType,
  fields: HeaderPairs,
  block: Buffer,
  maxBytes: number,
  wholeBytes: number | undefined,
): Promise<WarcRecord | string> {
  const isHead = maxBytes === 0;
  const uriOf = (name: string) => headerOf(fields, name)?.replace(/^<(.*)>$/, '$1'); // wget puts it in brackets
  const referred = headerOf(fields, 'warc-refers-to-date');
  const common = {
    type,
    url: uriOf('warc-target-uri') ?? '',
    fetchedAt: headerOf(fields, 'warc-date') ?? '',
    // The first segment of a record whose rest is missing.
    truncated: headerOf(fields, 'warc-truncated') ?? (headerOf(fields, 'warc-segment-number') && 'unspecified'),
    digest: headerOf(fields, 'warc-payload-digest'),
    ...(referred !== undefined && { refersTo: { url: uriOf('warc-refers-to-target-uri'), date: referred } }),
    extra: fields.filter(([name]) => !STANDARD_FIELD.test(name)),
  };
  const contentType = headerOf(fields, 'content-type') ?? 'application/octet-stream';
  if (type === 'resource' || type === 'conversion') {
    return {
      ...common,
      status: 200,
      statusText: 'OK',
      headers: [['Content-Type', contentType]],
      body: block,
      ...(isHead && { wholeBytes }),
    };
  }
  const response = parseResponse(block);
  if (response === undefined) return 'no HTTP response';
  const isPacked = headerOf(response.headers, 'content-encoding') !== undefined;
  if (isHead) return { ...common, ...response, ...(isPacked && { body: new Uint8Array() }), wholeBytes };
  const body = await decodeBody(response.headers, response.body, maxBytes);
  if (body !== undefined) return { ...common, ...response, body };
  if (wholeBytes === undefined) return `larger than ${maxBytes} bytes`;
  return { ...common, ...response, body: new Uint8Array(), wholeBytes };
}
