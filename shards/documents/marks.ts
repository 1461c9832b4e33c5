/**
 * `marks.jsonl` beside the manifest: documents that stand although their place does not, a line each. Written from the
 * store when a run ends; without marks there is no such file.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { openMemory } from '../../cleaning/clean.ts';
import { namedAddress } from '../../crawlers/page.ts';
import { badInput, reasonOf } from '../../crawlers/shell/errors.ts';
import { writeFileAtomic } from '../../crawlers/shell/folder.ts';
import { hash64 } from '../checksum.ts';

type Memory = ReturnType<typeof openMemory>;
type Marked = ReturnType<Memory['marks']['all']>[number];
/** How many runs marked documents stay. */
export type MarkPolicy = Parameters<Memory['mark']>[0];

const MARKS_FILE = 'marks.jsonl';

export interface DocumentMark {
  readonly id: string;
  readonly mark: Marked['mark'];
  /** Number of the run that marked it. */
  readonly run: number;
}

/** Brings the file to what the store says. */
export function writeMarks(dir: string, marked: readonly Marked[]): void {
  const path = join(dir, MARKS_FILE);
  const lines = marked
    .map(({ id, mark, run }) => `${JSON.stringify({ id, mark, run } satisfies DocumentMark)}\n`)
    .join('');
  if (lines === '') rmSync(path, { force: true });
  else if (!existsSync(path) || readFileSync(path, 'utf8') !== lines) writeFileAtomic(path, lines);
}

/** How many documents have each mark. */
export function countsOf(marked: readonly Marked[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { mark } of marked) counts[mark] = (counts[mark] ?? 0) + 1;
  return counts;
}

/** Marks of a folder by the id of the document. */
export function readMarks(dir: string): ReadonlyMap<string, readonly DocumentMark[]> {
  const path = join(dir, MARKS_FILE);
  const marks = new Map<string, DocumentMark[]>();
  for (const line of existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []) {
    if (line === '') continue;
    const mark = JSON.parse(line) as DocumentMark;
    marks.set(mark.id, [...(marks.get(mark.id) ?? []), mark]);
  }
  return marks;
}

/** Later than any fetch: what a list takes out stays out. */
const FOR_EVER = '9999-12-31T00:00:00Z';

/** Takes documents out whose id or URL a list names, and refuses them later. */
export function hearOptOuts(store: Memory, listed: readonly string[]): void {
  const keyOf = (text: string): bigint => BigInt.asIntN(64, hash64(text));
  for (const entry of listed)
    store.optOutListed(entry, [keyOf(namedAddress(entry) ?? entry), keyOf(`id ${entry}`)], FOR_EVER);
}

/**
 * Ids and URLs of a list, one a line; empty lines and such with `#` before are none.
 * @throws ToolkitError BAD_INPUT (exit 2)
 */
export function readOptOuts(path: string): string[] {
  try {
    const lines = readFileSync(path, 'utf8')
      .replace(/^\uFEFF/, '')
      .split(/\r?\n/);
    return lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  } catch (error) {
    throw badInput('BAD_INPUT', `${path}: ${reasonOf(error)}`, 'give a file of ids and URLs, one a line', error);
  }
}
