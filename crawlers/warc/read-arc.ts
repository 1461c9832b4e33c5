/**
 * ARC files, plain or gzip: what archives wrote before WARC (Internet Archive 1996–2009, old Heritrix). A record is a line
 * (`URL address date type length`, in version 2 with five fields more) and the answer as the server sent it.
 */
import { badInput, printable } from '../shell/errors.ts';
import { ByteReader } from './byte-reader.ts';
import { unpack } from './gzip.ts';
import { decodeBody, parseResponse } from './http-message.ts';
import type { ReadWarcOptions } from './read-warc.ts';
import type { WarcRecord } from './warc.ts';

const MAX_RECORD_BYTES = 64 * 2 ** 20;
const MAX_LINE_BYTES = 2 ** 20;
/** Address, time and type behind the URL, the length at the end; in version 2 more between them. */
const HEAD = /^(\S.*?) (\S+) (\d{8,14}) (\S+)(?: .*)? (\d+)$/;

/**
 * Records in order, one in memory at a time. Ends early, without an error, when `signal` is aborted.
 * @throws ToolkitError BAD_INPUT, TRUNCATED_GZIP, BAD_GZIP, BAD_ARC (exit 2), after the records before were yielded
 */
export async function* readArc(
  path: string,
  signal?: AbortSignal,
  { skipped, onRead }: Pick<ReadWarcOptions, 'skipped' | 'onRead'> = {},
): AsyncGenerator<WarcRecord> {
  const count = (reason: string): void => void skipped?.set(reason, (skipped.get(reason) ?? 0) + 1);
  const reader = new ByteReader(unpack(path, signal, onRead));
  try {
    for (;;) {
      const line = await reader.readLine(MAX_LINE_BYTES);
      if (line === undefined || signal?.aborted) return;
      if (line.length === 0) continue;
      const at = reader.lineStart;
      const head = HEAD.exec(line.toString().trimEnd());
      if (head === null) {
        const found = printable(line.toString('utf8', 0, 60));
        throw badArc(path, at, `expected "URL address date type length", found "${found}"`);
      }
      const [, url, address, date, contentType] = head;
      const length = Number(head[5]);
      const isLarge = length > MAX_RECORD_BYTES;
      const block = await reader.read(isLarge ? 0 : length);
      const present = block.length + (isLarge ? await reader.skip(length) : 0);
      if (signal?.aborted) return;
      if (present < length) throw badArc(path, at, `ends inside a record: ${present} of ${length} bytes are there`);
      if (url.startsWith('filedesc:') || url.startsWith('dns:')) continue;
      if (isLarge) {
        count(`larger than ${MAX_RECORD_BYTES} bytes`);
        continue;
      }
      const response = parseResponse(block);
      const body = response && (await decodeBody(response.headers, response.body, MAX_RECORD_BYTES));
      if (response === undefined || body === undefined)
        count(response ? `larger than ${MAX_RECORD_BYTES} bytes` : 'no HTTP response');
      else
        yield {
          type: 'response',
          url,
          fetchedAt: timeOf(date),
          extra: [],
          address,
          ...typed(response, contentType),
          body,
        };
    }
  } finally {
    await reader.close();
  }
}

type Response = NonNullable<ReturnType<typeof parseResponse>>;

/** Old servers sent no type: the archive wrote what it was. */
const typed = (response: Response, contentType: string): Response =>
  response.headers.length > 0 ? response : { ...response, headers: [['Content-Type', contentType]] };

/** `20050304121530` as ISO 8601. */
const timeOf = (date: string): string => {
  const [, year, month, day, hour, minute, second] = /^(....)(..)(..)(..)?(..)?(..)?/.exec(date)!;
  return `${year}-${month}-${day}T${hour ?? '00'}:${minute ?? '00'}:${second ?? '00'}Z`;
};

const badArc = (path: string, at: number, fact: string) =>
  badInput('BAD_ARC', `${path}: at byte ${at} of the unpacked data: ${fact}`, 'what is whole was read');
