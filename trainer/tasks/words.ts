/** Words of text as tasks need them: sentences of held-out documents, and how often each word stands in training text. */
import { nfc } from '../../cleaning/vietnamese/nfc.ts';
import type { TokenFolder } from '../../shards/tokens/source.ts';
import { type TextDocument, textsIn } from './texts.ts';

/** Characters of training text that are counted, and of held-out text that is read, at most. */
const [MOST_COUNTED, MOST_READ] = [5e7, 5e6];

export interface Corpus {
  readonly heldOut: readonly TextDocument[];
  /** Of each word in lower case. */
  readonly counts: ReadonlyMap<string, number>;
}

export async function readCorpus(folder: TokenFolder): Promise<Corpus> {
  const heldOut: TextDocument[] = [];
  let left = MOST_READ;
  for await (const document of textsIn(folder, 'valid')) {
    heldOut.push(document);
    left -= document.text.length;
    if (left < 0) break;
  }
  const counts = new Map<string, number>();
  left = MOST_COUNTED;
  for await (const { text } of textsIn(folder, 'train')) {
    for (const word of wordsOf(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
    left -= text.length;
    if (left < 0) break;
  }
  return { heldOut, counts };
}

export const wordsOf = (text: string): string[] =>
  nfc(text)
    .toLowerCase()
    .match(/\p{L}+/gu) ?? [];

/** `Tiếng Việt` → `Tieng Viet`. */
export const withoutMarks = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .replaceAll('đ', 'd')
    .replaceAll('Đ', 'D')
    .normalize('NFC');

export interface Sentence {
  readonly source: string;
  readonly words: readonly string[];
}

/**
 * Sentences of Vietnamese words alone, in their order, of so many words. What is no prose (lists, menus, lines of a form)
 * does not end in a full stop.
 */
export function* sentencesOf(corpus: Corpus, [least, most]: readonly [number, number]): Generator<Sentence> {
  const met = new Set<string>();
  for (const { source, text } of corpus.heldOut) {
    for (const [whole] of nfc(text).matchAll(/[^.!?\n:;]+[.!?](?=\s|$)/gu)) {
      const said = whole.slice(0, -1).trim();
      if (!/^\p{Lu}[\p{L} ,]+$/u.test(said)) continue;
      const words = said.replaceAll(',', '').split(' ').filter(Boolean);
      if (words.length < least || words.length > most || met.has(said)) continue;
      if (words.slice(1).some((word) => /\p{Lu}{2}/u.test(word))) continue;
      const marked = words.filter((word) => withoutMarks(word) !== word).length;
      if (marked < 0.4 * words.length) continue;
      met.add(said);
      yield { source, words };
    }
  }
}
