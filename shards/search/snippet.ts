/** The stretch of a text that says most of what was asked, with the words that were found. */
import { forEachTerm } from '../../cleaning/vietnamese/terms.ts';
import type { Query } from './rank.ts';

export interface Snippet {
  /** A part of the text, line ends as spaces; `…` where it was cut. */
  readonly text: string;
  /** Words of the query in it: begin and end, in UTF-16 units. */
  readonly marks: readonly (readonly [number, number])[];
}

/** UTF-16 units. */
const LENGTH = 240;
/** Words are looked for in so much of a text; where none is, in so much. */
export const [SNIPPET_BYTES, MOST_SNIPPET_BYTES] = [1 << 14, 1 << 18];

/** @param text the first bytes of it, or all */
export function snippetOf(text: string, { terms, isFolded }: Query): Snippet {
  const wanted = new Set(terms.map(({ folded, exact }) => (isFolded ? folded : exact)));
  const found: { word: string; start: number; end: number }[] = [];
  if (wanted.size > 0) {
    forEachTerm(text, (term, start, end) => {
      const word = isFolded ? term.folded : term.exact;
      if (wanted.has(word)) found.push({ word, start, end });
    });
  }
  const first = bestWindow(found);
  const start = cutBefore(text, Math.max(0, (first?.start ?? 0) - LENGTH / 6));
  const end = cutBefore(text, Math.min(text.length, start + LENGTH));
  const [head, tail] = [start > 0 ? '…' : '', end < text.length ? '…' : ''];
  const marks = found
    .filter((each) => each.start >= start && each.end <= end)
    .map((each) => [each.start - start + head.length, each.end - start + head.length] as const);
  return { text: `${head}${text.slice(start, end).replace(/\s/g, ' ')}${tail}`, marks };
}

/** Where the window begins that has most different words, then most. */
function bestWindow<T extends { word: string; start: number }>(found: readonly T[]): T | undefined {
  const counts = new Map<string, number>();
  let [best, most] = [found[0] as T | undefined, 0];
  let first = 0;
  for (const last of found) {
    counts.set(last.word, (counts.get(last.word) ?? 0) + 1);
    for (; last.start - found[first].start > (LENGTH * 2) / 3; first++) {
      const count = counts.get(found[first].word)! - 1;
      if (count === 0) counts.delete(found[first].word);
      else counts.set(found[first].word, count);
    }
    let all = 0;
    for (const count of counts.values()) all += count;
    const score = counts.size * 1000 + all;
    if (score > most) [best, most] = [found[first], score];
  }
  return best;
}

/** Not within a word where a space is near, and never within a pair of surrogates. */
function cutBefore(text: string, at: number): number {
  if (at === 0 || at >= text.length) return Math.min(at, text.length);
  const space = text.slice(Math.max(0, at - 20), at).search(/\s\S*$/);
  if (space >= 0) return Math.max(0, at - 20) + space + 1;
  return /[\udc00-\udfff]/.test(text[at]) ? at - 1 : at;
}
