/** Plain text and saved web pages: one page per file, bytes as they are. */
import { isUtf8 } from 'node:buffer';
import { readFileSync, statSync } from 'node:fs';
import { CONSENT_UNKNOWN, type Page } from '../page.ts';
import { consentOf } from '../polite/consent.ts';
import { unreadable } from '../warc/file-input.ts';
import { isGzip, unpack } from '../warc/gzip.ts';
import { firstForeignByte } from './escaped-utf8.ts';
import { changedAt, GUESSED, type InputFile, type ReadContext, rowOf, type Source } from './source.ts';
import { markupOf } from './warc.ts';

const MAX_FILE_BYTES = 64 * 2 ** 20;
/** Read at once: a stream costs many times the reading. */
const SMALL_FILE_BYTES = 2 ** 20;
const HEAD_BYTES = 65_536;
const MAX_TITLE_CHARACTERS = 120;

export const text: Source = {
  endings: ['.txt', '.md', '.markdown', '.txt.gz', '.txt.zst'],
  async *read(file, context) {
    const read = await readWhole(file, context);
    if (read === undefined) return;
    const { slices, ...whole } = read;
    const { body } = whole;
    const isUnicode = isUtf8(body);
    if (!isUnicode) context.note(`${file.path}: not UTF-8 from byte ${firstForeignByte(body)} on; ${GUESSED}`);
    const type = /\.(?:md|markdown)$/i.test(file.path) ? 'text/markdown' : 'text/plain';
    const page = {
      ...fileFacts(file, context),
      headers: { 'content-type': isUnicode ? `${type}; charset=utf-8` : type },
      consent: CONSENT_UNKNOWN,
      title: (isUnicode ? titleLine(body) : undefined) ?? baseName(file),
    };
    if (slices === undefined) yield { ...page, ...whole };
    else {
      for await (const slice of slices) {
        if (context.signal?.aborted) return;
        if (slice.length > 0) yield { ...page, body: slice };
      }
    }
  },
};

export const html: Source = {
  endings: ['.html', '.htm'],
  async *read(file, context) {
    const read = await readWhole(file, { ...context, slicesOf: undefined });
    if (read === undefined) return;
    const headers = { 'content-type': 'text/html' };
    yield {
      ...fileFacts(file, context),
      headers,
      ...read,
      consent: consentOf({ headers, html: markupOf(read.body), table: context.consent }),
    };
  },
};

export const fileFacts = (
  file: InputFile,
  context: ReadContext,
): Pick<Page, 'url' | 'source' | 'fetchedAt' | 'status' | 'truncated' | 'row'> => ({
  url: `file:${file.name}`,
  source: context.source ?? file.source,
  fetchedAt: changedAt(file),
  status: 200,
  truncated: false,
  row: rowOf(file, context),
});

interface Whole {
  /** Of a file that is too large to be one document its head. */
  readonly body: Buffer;
  readonly wholeBytes?: number;
  /** All of such a file, where slices are wanted. */
  readonly slices?: AsyncIterable<Uint8Array>;
}

/** `undefined` when the signal was aborted meanwhile. */
export async function readWhole({ path }: InputFile, context: ReadContext): Promise<Whole | undefined> {
  const { signal, onRead, slicesOf } = context;
  const { size } = statSync(path);
  if (size === 0) return { body: Buffer.alloc(0) };
  if (size <= SMALL_FILE_BYTES) {
    const body = readNow(path);
    if (!isGzip(body)) {
      onRead?.(size);
      return { body };
    }
  }
  const stream = unpack(path, signal, onRead);
  const chunks: Buffer[] = [];
  let length = 0;
  while (length <= MAX_FILE_BYTES) {
    const { value, done } = await stream.next();
    if (done) return signal?.aborted ? undefined : { body: Buffer.concat(chunks) };
    length += value.length;
    chunks.push(value);
  }
  if (slicesOf === undefined) await stream.return(undefined);
  const body = Buffer.concat(chunks).subarray(0, HEAD_BYTES);
  return { body, wholeBytes: length, slices: slicesOf?.(joined(chunks, stream)) };
}

/** What was read of a stream, then the rest of it. */
async function* joined(chunks: Buffer[], rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  try {
    while (chunks.length > 0) yield chunks.shift()!;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

function readNow(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** `title:` of front matter, or the first line when it looks like a title: short, and a blank line follows. Markdown's `#` is taken off. */
function titleLine(body: Buffer): string | undefined {
  const head = body.toString('utf8', 0, 2048).replace(/^\uFEFF/, '');
  const [, matter] = /^(?:---|\+\+\+)\r?\n(?:(?!---|\+\+\+)[^\n]*\n)*?title\s*[:=]\s*([^\r\n]+)/.exec(head) ?? [];
  const quoted = matter?.trim().replace(/^(["'])(.*)\1$/, '$2');
  if (quoted !== undefined && quoted !== '') return quoted.slice(0, MAX_TITLE_CHARACTERS);
  const [, first] = /^([^\r\n]+)\r?\n[ \t]*\r?\n/.exec(head) ?? [];
  const title = first?.replace(/^#+ /, '').trim() ?? '';
  return title !== '' && [...title].length <= MAX_TITLE_CHARACTERS ? title : undefined;
}

const baseName = ({ name }: InputFile): string =>
  name
    .split('/')
    .at(-1)!
    .replace(/\.(txt|md|markdown)(\.gz|\.zst)?$/i, '');
