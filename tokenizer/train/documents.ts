/**
 * The text that a tokenizer learns from: document shards without what is held out, so that held-out documents never
 * shape the vocabulary; or anything that `vua clean` reads, as it is.
 */
import { isUtf8 } from 'node:buffer';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from '../../cleaning/decode/charset.ts';
import { repairMojibake } from '../../cleaning/decode/mojibake.ts';
import { extract } from '../../cleaning/html/extract.ts';
import type { Page } from '../../crawlers/page.ts';
import { badInput, type ToolkitError } from '../../crawlers/shell/errors.ts';
import { ENDINGS, openInput } from '../../crawlers/sources/index.ts';
import { unpack } from '../../crawlers/warc/gzip.ts';
import { readDocuments } from '../../shards/documents/read.ts';
import { manifestPath, readDocumentManifest } from '../../shards/manifest.ts';
import { splitOf } from '../../shards/split.ts';
import { slicesOf } from '../evaluate/slices.ts';

/**
 * @param paths Folders of document shards, single shards (.arrow), and files or folders that `openInput` reads.
 * @param validShare Share of clusters held out of document shards; pages have no cluster, and all are read.
 * @param onRead Hears how many bytes of files were read, as they are stored; not of shards.
 * @returns UTF-8 bytes of one document after the other; ends early when `signal` is aborted.
 * @throws ToolkitError BAD_INPUT, NOT_TEXT (exit 2) and the errors of readDocuments and the sources.
 */
export async function* readTrainingTexts(
  paths: readonly string[],
  validShare: number,
  signal: AbortSignal,
  onRead?: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const isLearned = (cluster: string): boolean => splitOf(cluster, validShare) === 'train';
  for (const path of paths) for await (const { text } of readTexts(path, isLearned, signal, onRead)) yield text;
}

export interface SourceText {
  /** The source that a shard names; else the path. */
  readonly source: string;
  /** UTF-8; valid until the next one is asked for. */
  readonly text: Uint8Array;
}

/** @param takes Decides by the cluster of a document in shards. */
export async function* readTexts(
  path: string,
  takes: (cluster: string) => boolean,
  signal: AbortSignal,
  onRead?: (bytes: number) => void,
): AsyncGenerator<SourceText> {
  if (!isShards(path)) {
    /** Of the page in hand. */
    let told = 0;
    const tell = (bytes: number): void => {
      told += bytes;
      onRead?.(bytes);
    };
    for await (const page of openInput(path, { signal, onFault: stop, onRead: tell })) {
      const known = told;
      told = 0;
      if (!allowsTraining(page)) continue;
      if (page.wholeBytes === undefined || isHtml(page) || page.url !== `file:${page.source}`)
        yield { source: path, text: textOf(page, path) };
      else yield* slicesOfFile(page, path, signal, known, onRead);
    }
    return;
  }
  for await (const batch of readDocuments(path, signal)) {
    for (let row = 0; row < batch.rows; row++) {
      if (!takes(batch.string('cluster', row))) continue;
      yield { source: batch.string('source', row), text: batch.bytes('text', row) };
    }
  }
}

/**
 * A text too large to be one document: what was read is its head alone.
 * @param known bytes of the file that `onRead` heard of
 */
async function* slicesOfFile(
  page: Page,
  path: string,
  signal: AbortSignal,
  known: number,
  onRead?: (bytes: number) => void,
): AsyncGenerator<SourceText> {
  const onMore = (bytes: number): void => {
    onRead?.(Math.max(0, bytes - known));
    known = Math.max(0, known - bytes);
  };
  const file = statSync(path).isDirectory() ? join(path, page.source) : path;
  for await (const body of slicesOf(unpack(file, signal, onMore))) {
    if (signal.aborted) return;
    if (body.length > 0) yield { source: path, text: textOf({ ...page, body }, path) };
  }
}

/** About how many bytes `readTrainingTexts` will give; unknown unless all paths are folders of document shards. */
export function expectedBytes(paths: readonly string[], validShare: number): number | undefined {
  if (!paths.every((path) => existsSync(manifestPath(path)))) return undefined;
  const shards = paths.flatMap((path) => readDocumentManifest(path).documents);
  return Math.round(shards.reduce((sum, { textBytes }) => sum + textBytes, 0) * (1 - validShare));
}

/** Bytes of the files that `readTrainingTexts` will read, as they are stored; unknown where there are shards. */
export function storedBytes(paths: readonly string[]): number | undefined {
  if (paths.some(isShards)) return undefined;
  const files = paths.flatMap(filesOf).filter((file) => ENDINGS.some((ending) => file.toLowerCase().endsWith(ending)));
  return files.reduce((sum, file) => sum + statSync(file).size, 0);
}

function filesOf(path: string): string[] {
  if (!existsSync(path) || !statSync(path).isDirectory()) return existsSync(path) ? [path] : [];
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** The fault of a file, which ends the reading of all. */
function stop(fault: ToolkitError): never {
  if (fault.code !== 'BAD_JSON_LINE') throw fault;
  throw badInput(fault.code, fault.message, 'mend or take out such lines: nothing was written', fault);
}

export const isShards = (path: string): boolean => path.endsWith('.arrow') || existsSync(manifestPath(path));

const allowsTraining = ({ consent: { conclusion } }: Page): boolean =>
  conclusion !== 'no-train' && conclusion !== 'no-index';

const isHtml = ({ headers }: Page): boolean => /html/i.test(headers['content-type'] ?? '');

function textOf(page: Page, path: string): Uint8Array {
  const { url, headers, body } = page;
  const type = headers['content-type'];
  if (!isHtml(page) && isCleanVietnamese(body)) return body;
  const { text } = decode(body, type);
  const refuse = (fact: string, hint: string): never => {
    throw badInput('NOT_TEXT', `${path}: ${url}: ${fact}, expected text`, hint);
  };
  if (text.includes('\0')) refuse('holds NUL bytes', 'leave this file out');
  const noise = text.match(NOISE)?.length ?? 0;
  if (noise > MAX_NOISE && noise > MAX_NOISE_SHARE * text.length) {
    refuse(`${noise} of ${text.length} characters are control characters or U+FFFD`, 'leave this file out');
  }
  if (isMojibake(text)) refuse('a legacy Vietnamese encoding read as another one', 'mend it with `vua clean` first');
  return Buffer.from(isHtml(page) ? extract(text).text : text);
}

/** Most texts are: what `textOf` asks of others need not be asked, and nothing is decoded. */
function isCleanVietnamese(body: Uint8Array): boolean {
  if (!isUtf8(body) || (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf)) return false;
  let isVietnamese = false;
  for (let i = 0; i < body.length; i++) {
    const kind = BYTE_KINDS[body[i]];
    if (kind === 0) continue;
    if (kind === MAY_BE_NOISE) return false;
    isVietnamese ||= body[i] !== 0xe1 || (body[i + 1] & 0xfe) === 0xba;
  }
  return isVietnamese;
}

/** Control characters but for those of layout, leads of those from U+0080 on and of U+FFFD; leads of letters of Latin. */
const MAY_BE_NOISE = 1;
const MAY_BE_VIETNAMESE = 2;
const BYTE_KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  if ((byte < 0x20 && (byte < 0x09 || byte > 0x0d)) || byte === 0x7f || byte === 0xc2 || byte === 0xef)
    return MAY_BE_NOISE;
  return (byte >= 0xc4 && byte <= 0xc8) || byte === 0xe1 ? MAY_BE_VIETNAMESE : 0;
});

/** No text: control characters but for those of layout, and what could not be decoded. Of random bytes a tenth. */
const NOISE = /[^\P{Cc}\s]|\ufffd/gu;
const MAX_NOISE = 8;
const MAX_NOISE_SHARE = 0.05;

/** TCVN3 and others shown as Latin-1, known by their words; text with one proper Vietnamese letter is taken as it is. */
function isMojibake(text: string): boolean {
  if (/[\u0100-\u024f\u1ea0-\u1ef9]/.test(text) || !/[\x80-\xff]/.test(text)) return false;
  return repairMojibake(text.slice(0, SAMPLE)).lines > 0;
}
const SAMPLE = 100_000;
