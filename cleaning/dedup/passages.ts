/**
 * Passages that a kept text has already said: fifty syllables and more in a row, the same in both. Verse, code and law say
 * theirs again: nothing of them is cut.
 */
import { isCode } from '../vietnamese/code.ts';
import { readSyllables, type Syllable } from '../vietnamese/lexicon.ts';
import { withoutTitle } from './near.ts';
import { HASH, type Sequence } from './sequence.ts';

/** Syllables of the shortest passage. */
export const MIN_PASSAGE = 50;
/** Every passage holds a whole block, that begins at a multiple of its length. */
const BLOCK = 25;
/** What is left of a passage when it is cut at the ends of sentences: else it goes as it stands. */
const MIN_SENTENCES = 25;
const BASE = 0x01000193;

/** Syllables of a text that stand in a kept document as well. */
export interface Passage {
  readonly from: number;
  /** Behind the last. */
  readonly to: number;
  readonly document: number;
}

/** Every run of `MIN_PASSAGE` syllables and more that stands in the other text. */
export function passagesIn(own: Sequence, other: Sequence, document: number): Passage[] {
  if (own.length < MIN_PASSAGE || other.length < MIN_PASSAGE) return [];
  /** The first of its kind: a text that says one thing a thousand times is one passage. */
  const blocks = new Map<number, number>();
  for (let at = 0; at + BLOCK <= own.length; at += BLOCK) {
    let hash = 0;
    for (let i = at; i < at + BLOCK; i++) hash = (Math.imul(hash, BASE) + (own[i] & HASH)) | 0;
    if (!blocks.has(hash)) blocks.set(hash, at);
  }
  const found: Passage[] = [];
  let lead = 1;
  for (let i = 0; i < BLOCK; i++) lead = Math.imul(lead, BASE);
  let hash = 0;
  for (let end = 0; end < other.length; end++) {
    hash = (Math.imul(hash, BASE) + (other[end] & HASH)) | 0;
    if (end >= BLOCK) hash = (hash - Math.imul(other[end - BLOCK] & HASH, lead)) | 0;
    if (end < BLOCK - 1) continue;
    const at = blocks.get(hash);
    if (at === undefined || found.some(({ from, to }) => at >= from && at + BLOCK <= to)) continue;
    const passage = extended(own, other, at, end - BLOCK + 1);
    if (passage !== undefined) found.push({ ...passage, document });
  }
  return found;
}

const isSame = (a: number, b: number): boolean => ((a ^ b) & HASH) === 0;

function extended(own: Sequence, other: Sequence, at: number, otherAt: number): Omit<Passage, 'document'> | undefined {
  let [from, to] = [at, at];
  while (from > 0 && otherAt + from - at > 0 && isSame(own[from - 1], other[otherAt + from - at - 1])) from--;
  while (to < own.length && otherAt + to - at < other.length && isSame(own[to], other[otherAt + to - at])) to++;
  return to - from >= MIN_PASSAGE ? { from, to } : undefined;
}

interface Place {
  readonly start: number;
  readonly end: number;
  readonly syllable: Syllable;
}

/**
 * The text without them, as far as they are prose: whole sentences, where enough of them stand in a passage.
 * @param text whose body, its title apart, the passages count
 */
export function cutPassages(text: string, title: string, passages: readonly Passage[]): string {
  if (isLaw(text)) return text;
  const places = placesOf(text, title);
  const ranges = passages
    .map((passage) => rangeOf(text, places, passage))
    .filter(([start, end]) => !isKept(text, start, end))
    .sort(([a], [b]) => a - b);
  let left = '';
  let done = 0;
  for (const [start, end] of ranges) {
    if (start > done) left += text.slice(done, start);
    done = Math.max(done, end);
  }
  if (done === 0) return text;
  return (left + text.slice(done))
    .replace(/[ \t]+\n/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

/** Where the syllables of the body stand that a sequence counts. */
function placesOf(text: string, title: string): Place[] {
  const syllables = readSyllables(text);
  const first = syllables.length - withoutTitle(syllables, title).length;
  const places: Place[] = [];
  let next = 0;
  const put = (start: number, end: number): void => {
    const syllable = syllables[next++];
    if (next > first && syllable.hash !== 0) places.push({ start, end, syllable });
  };
  const isBlank = (at: number): boolean => text.charCodeAt(at) <= 0x20;
  for (let at = 0; at < text.length; ) {
    while (at < text.length && isBlank(at)) at++;
    const start = at;
    while (at < text.length && !isBlank(at)) at++;
    if (at === start) break;
    const word = text.slice(start, at);
    if (!word.includes('-') || readSyllables(word).length === 1) put(start, at);
    else {
      // The parts of a hyphenated word are syllables each.
      let from = start;
      for (const part of word.split('-')) {
        put(from, from + part.length);
        from += part.length + 1;
      }
    }
  }
  return places;
}

function rangeOf(text: string, places: readonly Place[], { from, to }: Passage): readonly [number, number] {
  const begins = (i: number): boolean =>
    i === 0 || places[i - 1].syllable.isLast || /\n/.test(text.slice(places[i - 1].end, places[i].start));
  const ends = (i: number): boolean => i === places.length - 1 || begins(i + 1);
  let [first, last] = [from, to - 1];
  while (first < to && !begins(first)) first++;
  while (last >= first && !ends(last)) last--;
  const isWhole = last - first + 1 >= MIN_SENTENCES;
  const [start, end] = isWhole ? [places[first].start, places[last].end] : [places[from].start, places[to - 1].end];
  // The blank behind goes with it, up to the end of its line.
  return [start, end + /^[ \t]*/.exec(text.slice(end, end + 16))![0].length];
}

const ARTICLE = /^[\s"“>*#]*(?:Điều|ĐIỀU)\s+\d+[a-zđ]?\s*[.:]/gmu;
const LAW = /cộng hòa xã hội chủ nghĩa việt nam|cộng hoà xã hội chủ nghĩa việt nam/iu;
const isLaw = (text: string): boolean => (text.match(ARTICLE)?.length ?? 0) >= 2 || LAW.test(text.slice(0, 1_000));

/** Syllables of a line of verse, and lines that make one. */
const VERSE_LINE = 10;
const VERSE_LINES = 4;

/** Whether what stands there is verse, code or an article of a law. */
function isKept(text: string, start: number, end: number): boolean {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const lineEnd = text.indexOf('\n', end);
  const lines = text.slice(lineStart, lineEnd < 0 ? text.length : lineEnd).split('\n');
  const filled = lines.filter((line) => line.trim() !== '');
  const short = filled.filter((line) => line.trim().split(/\s+/).length <= VERSE_LINE);
  if (filled.length >= VERSE_LINES && short.length >= 0.8 * filled.length) return true;
  if (/(?:^|[\s"“(])Điều\s+\d+[a-zđ]?\s*[.:]/u.test(text.slice(lineStart, end))) return true;
  const fences = text.slice(0, start).match(/^ {0,3}(?:```|~~~)/gm)?.length ?? 0;
  return fences % 2 === 1 || isCode(lines);
}
