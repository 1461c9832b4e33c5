/**
 * The text that a tokenizer learns from: document shards without what is held out, so that held-out documents never
 * shape the vocabulary; or anything that `vua clean` reads, as it is.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { textOf } from '../../cleaning/read-page.ts';
import type { Page } from '../../crawlers/page.ts';
import { badInput, type ToolkitError } from '../../crawlers/shell/errors.ts';
import { ENDINGS, openInput } from '../../crawlers/sources/index.ts';
import {
  holdsDocuments,
  readTexts as readDocumentTexts,
  type SourceText,
  textBytesIn,
} from '../../shards/documents/read.ts';
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
  for (const path of paths) for await (const { text } of readTexts(path, validShare, signal, onRead)) yield text;
}

/** Of one path, with the source that a shard names; else the path. */
export async function* readTexts(
  path: string,
  validShare: number,
  signal: AbortSignal,
  onRead?: (bytes: number) => void,
): AsyncGenerator<SourceText> {
  if (holdsDocuments(path)) {
    yield* readDocumentTexts(path, validShare, signal);
    return;
  }
  for await (const page of openInput(path, { signal, onFault: stop, onRead, slicesOf })) {
    if (allowsTraining(page)) yield { source: path, text: textOf(page, path) };
  }
}

/** About how many bytes `readTrainingTexts` will give; unknown unless all paths are folders of document shards. */
export function expectedBytes(paths: readonly string[], validShare: number): number | undefined {
  let all = 0;
  for (const path of paths) {
    const bytes = textBytesIn(path);
    if (bytes === undefined) return undefined;
    all += bytes;
  }
  return Math.round(all * (1 - validShare));
}

/** Bytes of the files that `readTrainingTexts` will read, as they are stored; unknown where there are shards. */
export function storedBytes(paths: readonly string[]): number | undefined {
  if (paths.some(holdsDocuments)) return undefined;
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

const allowsTraining = ({ consent: { conclusion } }: Page): boolean =>
  conclusion !== 'no-train' && conclusion !== 'no-index';
