/** Text with the words that were searched for marked in it, as a reader finds them: `ha noi` in `Hà Nội`. */
import type { Kit } from '../view.ts';

const WORD = /[\p{L}\p{M}\p{N}]+/gu;
const plain = (word: string): string =>
  word
    .normalize('NFD')
    .replace(/\p{Mn}+/gu, '')
    .replaceAll('đ', 'd');

/** Marks that an answer is drawn with at most. */
const MOST = 500;

export function marked(text: string, query: string, { el }: Pick<Kit, 'el'>): (Node | string)[] {
  const asked = query.normalize('NFC').toLowerCase();
  const isFolded = plain(asked) === asked;
  const wanted = new Set(asked.match(WORD));
  if (wanted.size === 0) return [text];
  const spans: [from: number, to: number][] = [];
  for (const { 0: word, index } of text.matchAll(WORD)) {
    const lower = word.toLowerCase();
    if (!wanted.has(isFolded ? plain(lower) : lower)) continue;
    const last = spans.at(-1);
    if (last && index - last[1] === 1) last[1] = index + word.length;
    else if (spans.push([index, index + word.length]) > MOST) break;
  }
  const parts = spans.flatMap(([from, to], i) => [
    text.slice(spans[i - 1]?.[1] ?? 0, from),
    el('mark', {}, text.slice(from, to)),
  ]);
  return [...parts, text.slice(spans.at(-1)?.[1] ?? 0)];
}
