/** Plain text and saved web pages: one page per file, bytes as they are. */
import { isUtf8 } from 'node:buffer';
import { readFileSync, statSync } from 'node:fs';
import { CONSENT_UNKNOWN, type Page } from '../page.ts';
import { consentOf } from '../polite/consent.ts';
import { isGzip, unpack, unreadable } from '../warc/gzip.ts';
import { firstForeignByte } from './escaped-utf8.ts';
import { changedAt, GUESSED, type InputFile, type ReadContext, type Source } from './source.ts';
import { htmlHead } from './warc.ts';

const MAX_FILE_BYTES = 64 * 2 ** 20;
/** Read at once: a stream costs many times the reading. */
const SMALL_FILE_BYTES = 2 ** 20;
const HEAD_BYTES = 65_536;
const MAX_TITLE_CHARACTERS = 120;

export const text: Source = {
  endings: ['.txt', '.md', '.txt.gz'],
  async *read(file, context) {
    const read = await readWhole(file, context);
    if (read === undefined) return;
    const { body } = read;
    const isUnicode = isUtf8(body);
    if (!isUnicode) context.note(`${file.path}: not UTF-8 from byte ${firstForeignByte(body)} on; ${GUESSED}`);
    const type = /\.md$/i.test(file.path) ? 'text/markdown' : 'text/plain';
    yield {
      ...fileFacts(file),
      headers: { 'content-type': isUnicode ? `${type}; charset=utf-8` : type },
      ...read,
      consent: CONSENT_UNKNOWN,
      title: (isUnicode ? titleLine(body) : undefined) ?? baseName(file),
    };
  },
};

export const html: Source = {
  endings: ['.html', '.htm'],
  async *read(file, context) {
    const read = await readWhole(file, context);
    if (read === undefined) return;
    const headers = { 'content-type': 'text/html' };
    yield { ...fileFacts(file), headers, ...read, consent: consentOf({ headers, html: htmlHead(read.body) }) };
  },
};

const fileFacts = (file: InputFile): Pick<Page, 'url' | 'source' | 'fetchedAt' | 'status' | 'truncated'> => ({
  url: `file:${file.name}`,
  source: file.name,
  fetchedAt: changedAt(file),
  status: 200,
  truncated: false,
});

/** The file, or the head of one that is too large to be one document; `undefined` when the signal was aborted meanwhile. */
async function readWhole(
  { path }: InputFile,
  { signal, onRead }: ReadContext,
): Promise<{ readonly body: Buffer; readonly wholeBytes?: number } | undefined> {
  const { size } = statSync(path);
  if (size === 0) return { body: Buffer.alloc(0) };
  if (size <= SMALL_FILE_BYTES) {
    const body = readNow(path);
    if (!isGzip(body)) {
      onRead?.(size);
      return { body };
    }
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of unpack(path, signal, onRead)) {
    length += chunk.length;
    chunks.push(chunk);
    if (length > MAX_FILE_BYTES) break;
  }
  if (signal?.aborted) return undefined;
  const body = Buffer.concat(chunks);
  return length > MAX_FILE_BYTES ? { body: body.subarray(0, HEAD_BYTES), wholeBytes: length } : { body };
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
    .replace(/\.(txt|md)(\.gz)?$/i, '');
