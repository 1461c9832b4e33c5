/** What somebody typed behind `vua search` and `vua trace`, and how what was found is shown in a terminal. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { visible } from '../../crawlers/shell/errors.ts';
import { MANIFEST_FILE, SNAPSHOT_FILE } from '../format.ts';
import { isUrl } from '../tokens/source.ts';

/**
 * Words, behind which a folder or URL may stand: `vua search ha noi out` is `vua search "ha noi" --out out`, where `out` is a
 * folder of a run, of documents or of tokens.
 */
export function readWords(words: readonly string[], out: string): { readonly text: string; readonly out: string } {
  const last = words.at(-1) ?? '';
  const isPlace = words.length > 1 && (isUrl(last) || isFolder(last));
  return { text: words.slice(0, isPlace ? -1 : undefined).join(' '), out: isPlace ? last : out };
}

const isFolder = (path: string): boolean =>
  (statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false) &&
  [MANIFEST_FILE, SNAPSHOT_FILE, 'documents', 'tokens'].some((name) => existsSync(join(path, name)));

/** Ways to set off a part of a line; none of them where output is no terminal or NO_COLOR is set. */
export function paintsFor(stream: { readonly isTTY?: boolean } = process.stdout) {
  const isPlain = stream.isTTY !== true || process.env.NO_COLOR !== undefined;
  const with_ = (code: string) => (text: string) => (isPlain ? visible(text) : `\x1b[${code}m${visible(text)}\x1b[0m`);
  return { found: with_('1;33'), head: with_('1'), aside: with_('2'), plain: visible };
}

type Paints = ReturnType<typeof paintsFor>;

/** A text with some of its parts set off. */
export function paintMarks(text: string, marks: readonly (readonly [number, number])[], paints: Paints): string {
  let done = 0;
  const parts = marks.map(([start, end]) => {
    const part = paints.plain(text.slice(done, start)) + paints.found(text.slice(start, end));
    done = end;
    return part;
  });
  return parts.join('') + paints.plain(text.slice(done));
}
