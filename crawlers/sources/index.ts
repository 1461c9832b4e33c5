/** Everything that `--input` reads, as pages. Adding a format: write its `Source`, list it here. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { Page, Place } from '../page.ts';
import { badInput, ToolkitError } from '../shell/errors.ts';
import { isGzip } from '../warc/gzip.ts';
import { binary } from './binary.ts';
import { kindNamed, missingFor } from './binary-kinds.ts';
import { csv } from './csv.ts';
import { type Cursor, cursorOf, startOf, stateOf } from './cursor.ts';
import { filesOf } from './files.ts';
import { hubFolder } from './hub.ts';
import { json } from './json.ts';
import { jsonl } from './jsonl.ts';
import { parquet } from './parquet.ts';
import { countSkip, type InputFile, isGivenAlone, type ReadContext, type Source } from './source.ts';
import { html, text } from './text.ts';
import { isAppended, warc } from './warc.ts';
import { xml } from './xml.ts';

const OF_TEXT: readonly Source[] = [warc, jsonl, text, html, xml, json, csv, parquet];
/** An empty file of these holds no document; one of text or HTML is one. */
const OF_MANY: readonly Source[] = [warc, jsonl, json, csv, parquet];
const SOURCES: readonly Source[] = [...OF_TEXT, binary];
/** Endings of the names of files that some source reads as text. */
export const ENDINGS = OF_TEXT.flatMap((source) => source.endings);

export interface InputContext
  extends Pick<
    ReadContext,
    'onRead' | 'slicesOf' | 'withNotices' | 'withBinary' | 'source' | 'fields' | 'licence' | 'consentField' | 'consent'
  > {
  /** Ends the pages early, without an error. */
  readonly signal?: AbortSignal;
  /** Counts what is passed over, by reason (`status 404`, `content type image/png`, `not an input file`). */
  readonly skipped?: Map<string, number>;
  /** Hears of what was read with a doubt, a sentence for each file. */
  readonly note?: (text: string) => void;
  /** Files of records that were read before are read from there on. */
  readonly known?: KnownFiles;
  /** Files of rows are passed over: none of them is new. */
  readonly withoutRows?: boolean;
  /** Reads this piece of the input and nothing else. */
  readonly only?: Piece;
  /** Takes the fault of one file, and the files behind it are read; without it the fault is thrown. */
  readonly onFault?: (fault: ToolkitError) => void;
}

/** What is remembered of files from run to run. */
export interface KnownFiles {
  of(path: string): Cursor | undefined;
  /** The file was read to its end, without a fault. */
  keep(path: string, cursor: Cursor): void;
  /** So many pages were not read again. */
  pass(pages: number): void;
}

/**
 * Pages of a file, or of every file below a folder that a source reads (sorted by path; other files and hidden ones
 * are passed over and counted).
 * @throws ToolkitError BAD_INPUT (exit 2): no such path, an ending that no source reads, an empty file or folder; and
 * the errors of the sources, after the pages that stand before the fault were yielded.
 */
export async function* openInput(path: string, given: InputContext = {}): AsyncGenerator<Page> {
  const { signal, onFault, source: name, known, withoutRows, only } = given;
  const context = {
    ...given,
    skipped: given.skipped ?? new Map(),
    note: given.note ?? (() => {}),
    input: inputOf(path, name),
  };
  const files = filesOf(path, onFault ?? raise);
  let read = 0;
  for (const [i, file] of files.entries()) {
    if (only !== undefined && only.file !== i) continue;
    const source = sourceOf(file);
    if (source === undefined || (source === binary && !given.withBinary)) {
      if (isGivenAlone(file)) throw badInput('BAD_INPUT', `${path}: cannot read this kind of file`, allowed(given));
      countSkip(context, `not an input file: ${endingOf(file)}`);
      continue;
    }
    if (signal?.aborted) return;
    const missing = source === binary ? missingFor(kindNamed(file.path)!) : [];
    if (missing.length > 0 && isGivenAlone(file))
      throw badInput('BAD_INPUT', `${path}: needs ${missing.join(', ')}`, `npm install ${missing.join(' ')}`);
    read++;
    if (statSync(file.path).size === 0) {
      if (isGivenAlone(file)) throw badInput('BAD_INPUT', `${path}: the file is empty`, 'give another, or a folder');
      if (OF_MANY.includes(source)) {
        countSkip(context, 'empty file'); // a crawl that got no answer leaves one
        continue;
      }
    }
    if (withoutRows && source !== warc) continue;
    try {
      if (known !== undefined && source === warc) yield* behindCursor(file, context, known);
      else yield* source.read(file, only === undefined ? context : { ...context, from: only.from, to: only.to });
    } catch (error) {
      if (!(error instanceof ToolkitError) || !onFault) throw error;
      onFault(error);
    }
  }
  if (read === 0) throw badInput('BAD_INPUT', `${path}: no file in this folder can be read`, allowed(given));
}

/** A part of an input that can be read by itself: a file of it, or of a large file what begins within a range of bytes. */
export interface Piece {
  readonly input: string;
  /** The how-many-th file of the input. */
  readonly file: number;
  readonly path: string;
  readonly bytes: number;
  readonly from?: number;
  readonly to?: number;
}

/**
 * All of inputs in pieces, in the order in which they are read whole.
 * @param pieceBytes files that are larger become several pieces, where their kind allows it: JSON lines at line ends, WARC at
 * gzip members, Parquet at row groups
 * @throws ToolkitError BAD_INPUT as `openInput` does
 */
export function piecesOf(
  inputs: readonly string[],
  given: Pick<InputContext, 'withBinary' | 'onFault'>,
  pieceBytes = Number.POSITIVE_INFINITY,
): Piece[] {
  return inputs.flatMap((input) => {
    const pieces = filesOf(input, given.onFault ?? raise).flatMap((file, i): Piece[] => {
      const source = sourceOf(file);
      const isRead = isGivenAlone(file) || (source !== undefined && (source !== binary || given.withBinary));
      if (!isRead) return [];
      const { size } = statSync(file.path);
      const piece = { input, file: i, path: file.path };
      if (size <= pieceBytes || !isSplit(file)) return [{ ...piece, bytes: size }];
      const count = Math.ceil(size / pieceBytes);
      return Array.from({ length: count }, (_, part): Piece => {
        const [from, to] = [part, part + 1].map((end) => Math.floor((end * size) / count));
        return { ...piece, bytes: to - from, from, to };
      });
    });
    if (pieces.length === 0)
      throw badInput('BAD_INPUT', `${input}: no file in this folder can be read`, allowed(given));
    return pieces;
  });
}

/** Whether parts of a file can be read by themselves. */
function isSplit(file: InputFile): boolean {
  const head = Buffer.alloc(4);
  const opened = openSync(file.path, 'r');
  try {
    readSync(opened, head, 0, head.length, 0);
  } finally {
    closeSync(opened);
  }
  const isZstd = head.readUInt32LE() === 0xfd2f_b528;
  const source = sourceOf(file);
  if (source === jsonl) return !isGzip(head) && !isZstd;
  return source === parquet || (source === warc && isAppended(file.path) && isGzip(head));
}

/** What of a file of records is new; what holds it was read whole then. */
async function* behindCursor(
  file: InputFile,
  context: ReadContext & InputContext,
  known: KnownFiles,
): AsyncGenerator<Page> {
  const cursor = known.of(file.path);
  const { size } = statSync(file.path);
  const start = startOf(file.path, cursor);
  const from = start === size || isAppended(file.path) ? start : 0;
  let pages = from === 0 ? 0 : cursor!.pages;
  known.pass(pages);
  if (from === size) return;
  let isWhole = true;
  const onUnread = (): void => {
    isWhole = false;
  };
  for await (const page of warc.read(file, { ...context, from, onUnread })) {
    if (page.notice === undefined) pages++;
    yield page;
  }
  if (isWhole && !context.signal?.aborted && statSync(file.path).size === size)
    known.keep(file.path, cursorOf(file.path, size, pages));
}

/** Changes with the files of rows of inputs: their names, sizes and times. @throws ToolkitError BAD_INPUT */
export function rowsState(inputs: readonly string[]): string {
  const files = inputs.flatMap((path) => filesOf(path, () => {}));
  return stateOf(files.filter((file) => isOfRows(file)).map(({ path }) => path));
}

/** What cannot be opened yet is no part of them: it is new when it can be. */
function isOfRows(file: InputFile): boolean {
  const source = sourceOf(file);
  if (source === binary) return missingFor(kindNamed(file.path)!).length === 0;
  return source !== undefined && source !== warc;
}

/** Bytes of documents that a byte of an input becomes, or so: text is a tenth of a page, and packed to a quarter. */
const GROWTH: readonly (readonly [ending: RegExp, factor: number])[] = [
  [/\.warc\.gz$/i, 0.6],
  [/\.warc$/i, 0.15],
  [/\.html?$/i, 0.15],
  [/\.(?:pdf|docx?|epub)$/i, 0.5],
  [/\.parquet$/i, 3],
  [/\.(?:gz|zst)$/i, 4],
  [/$/, 1.2],
];

/** How many bytes of documents inputs give, by an estimate; of files of records what is behind a cursor. */
export function documentBytesIn(inputs: readonly string[], known: Pick<KnownFiles, 'of'>, withRows: boolean): number {
  let bytes = 0;
  for (const input of inputs) {
    for (const file of filesOf(input, () => {})) {
      const source = sourceOf(file);
      if (source === undefined || (source !== warc && !withRows)) continue;
      const [, factor] = GROWTH.find(([ending]) => ending.test(file.path))!;
      const from = source === warc ? startOf(file.path, known.of(file.path)) : 0;
      bytes += factor * (statSync(file.path).size - from);
    }
  }
  return bytes;
}

/**
 * The pages of single records.
 * @throws ToolkitError as the source does; BAD_INPUT where no page begins
 */
export async function* pagesAt(
  places: readonly Place[],
  { signal, withBinary }: Pick<InputContext, 'signal' | 'withBinary'>,
): AsyncGenerator<Page> {
  const inOrder = places.toSorted((a, b) => (a.path === b.path ? a.at - b.at : a.path < b.path ? -1 : 1));
  for (const { path, at } of inOrder) {
    const context = { signal, withBinary, skipped: new Map(), note: () => {}, from: at };
    const { value } = await firstOf(warc.read({ path, name: basename(path), source: '' }, context));
    if (signal?.aborted) return;
    if (value?.place?.at !== at) throw badInput('BAD_INPUT', `${path}: no page begins at byte ${at}`);
    yield value;
  }
}

async function firstOf(pages: AsyncGenerator<Page>): Promise<{ readonly value?: Page }> {
  for await (const value of pages) return { value };
  return {};
}

/** What the rows of an input belong to from night to night: its name, or the path as it was given. */
export const inputOf = (path: string, source?: string): string =>
  source ?? (path.startsWith('hf://') ? path : resolve(path));

/** Where an input stands on this disk; a data set of the Hub where the user has fetched it. @throws ToolkitError BAD_INPUT */
export const pathOf = (input: string): string => hubFolder(input)?.path ?? input;

function raise(fault: ToolkitError): never {
  throw fault;
}

const allowed = ({ withBinary }: InputContext): string =>
  `files must end in ${[...ENDINGS, ...(withBinary ? binary.endings : [])].join(', ')}`;

/** `.pdf`, `.tar.gz`; of a name without one the name. */
const endingOf = ({ path }: InputFile): string =>
  /(\.[a-z][a-z0-9]*)?\.[a-z0-9]{1,8}$/i.exec(path)?.[0].toLowerCase() ?? 'no ending';

function sourceOf({ path }: InputFile): Source | undefined {
  const name = path.toLowerCase();
  return SOURCES.find((source) => source.endings.some((ending) => name.endsWith(ending)));
}
