/** Text with what was searched for marked in it, as a reader finds it: `ha noi` in `Hà Nội`. */
import type { Kit } from '../view.ts';

const MARKS = /\p{Mn}+/gu;
/** A character to one character, so that places stay. */
const plain = (character: string): string => {
  const folded = character.toLowerCase().normalize('NFD').replace(MARKS, '').replace('đ', 'd');
  return folded.length === character.length ? folded : character;
};

/** Marks that an answer is drawn with at most. */
const MOST = 400;

export function marked(text: string, query: string, { el }: Pick<Kit, 'el'>): (Node | string)[] {
  const exact = [...query.matchAll(/"([^"]+)"/g)].map(([, phrase]) => phrase.normalize('NFC').toLowerCase());
  const loose = query
    .replace(/"[^"]*"?/g, ' ')
    .trim()
    .replace(/\s+/g, ' ');
  if (exact.length === 0 && loose === '') return [text];
  const lower = [...text]
    .map((character) => (character.toLowerCase().length === character.length ? character.toLowerCase() : character))
    .join('');
  const spans = exact.flatMap((phrase) => spansOf(lower, phrase));
  if (loose !== '') spans.push(...spansOf([...text].map(plain).join(''), [...loose].map(plain).join('')));
  spans.sort(([a], [b]) => a - b);
  const parts: (Node | string)[] = [];
  let done = 0;
  for (const [from, to] of spans.slice(0, MOST)) {
    if (from < done) continue;
    parts.push(text.slice(done, from), el('mark', {}, text.slice(from, to)));
    done = to;
  }
  return [...parts, text.slice(done)];
}

function spansOf(text: string, wanted: string): [number, number][] {
  const spans: [number, number][] = [];
  for (let at = text.indexOf(wanted); at >= 0 && spans.length < MOST; at = text.indexOf(wanted, at + wanted.length))
    spans.push([at, at + wanted.length]);
  return spans;
}
