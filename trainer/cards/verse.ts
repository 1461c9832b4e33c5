/**
 * Lục bát, by rule: lines of six and eight syllables;
 *
 *   6:  x B x T x B            B bằng, T trắc, x free
 *   8:  x B x T x B x B        the sixth and the eighth of different tone: one huyền, one ngang
 *
 * the sixth of the six rhymes with the sixth of the eight, the eighth of the eight with the sixth of the next six.
 */
import { rhyme, rhymeName, type Sound, soundOf, syllablesOf } from './prosody.ts';

export const VERSE_RULES = ['syllables', 'spelling', 'tone', 'rhyme'] as const;
export type VerseRule = (typeof VERSE_RULES)[number];

/** One breach: lines and syllables count from 1. */
export interface VerseFault {
  readonly rule: VerseRule;
  readonly line: number;
  /** Place in its line; 0: the line as a whole. */
  readonly syllable: number;
  readonly found: string;
  readonly expected: string;
  /** What poets are known to do instead: `tiểu đối` in a six of 3 + 3. */
  readonly licence?: string;
}

/** A line that counts, and where it stands. */
export interface Line {
  readonly number: number;
  readonly syllables: readonly string[];
  /** The first of its stanza: no rhyme is carried over a blank line. */
  readonly opens: boolean;
}

const FLAT: Readonly<Record<6 | 8, Readonly<Record<number, boolean>>>> = {
  6: { 2: true, 4: false, 6: true },
  8: { 2: true, 4: false, 6: true, 8: true },
};

/**
 * Lines of a poem: numbers of an edition at either end, and lines without a letter, do not count; lines that are printed
 * behind each other, with a slash between them or as couplets of six and eight in one, are lines of their own.
 */
export function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  let opens = true;
  for (const [at, written] of text.split(/\r\n?|[\n\v\f\u0085\u2028\u2029]/).entries()) {
    const parts = written
      .replace(/^\s*\d+(?:[.)]|\s)\s*|\s+\d+\s*$/g, '')
      .split(/\s[/|]+(?=\s|$)/)
      .map(syllablesOf)
      .filter((syllables) => syllables.some((syllable) => !/^\p{N}+$/u.test(syllable)));
    if (parts.length === 0) opens = true;
    for (const syllables of parts.flatMap((part) => cutAsVerse(part, lines.at(-1)?.syllables.length))) {
      lines.push({ number: at + 1, syllables, opens });
      opens = false;
    }
  }
  return lines;
}

/** Fourteen syllables, and as many couplets as there are, cut into sixes and eights in turn. */
function cutAsVerse(syllables: readonly string[], before: number | undefined): (readonly string[])[] {
  if (syllables.length === 0 || syllables.length % 14 !== 0) return [syllables];
  const cut: (readonly string[])[] = [];
  let size = before === 6 ? 8 : 6;
  for (let at = 0; at < syllables.length; size = 14 - size) {
    cut.push(syllables.slice(at, at + size));
    at += size;
  }
  return cut;
}

/** Every breach of lục bát, in the order of lines; none: the poem keeps all rules. */
export function lucBatFaults(lines: readonly Line[]): VerseFault[] {
  const faults: VerseFault[] = [];
  let before: Line | undefined;
  for (const [six, eight] of coupletsOf(lines)) {
    if (six === undefined || eight === undefined) {
      const { number, syllables } = (six ?? eight)!;
      const found = `${syllables.length}, alone`;
      faults.push({ rule: 'syllables', line: number, syllable: 0, ...of(found, 'a six and an eight in turn') });
    }
    const sounds = [six && soundsOf(six, 6, faults), eight && soundsOf(eight, 8, faults)];
    const carried = six?.opens || before?.syllables.length !== 8 ? undefined : soundOf(before.syllables[7]);
    if (six) checkRhyme(six, 6, carried, sounds[0]?.[5], faults);
    if (eight) checkRhyme(eight, 6, sounds[0]?.[5], sounds[1]?.[5], faults);
    before = eight;
  }
  return faults.sort((a, b) => a.line - b.line || a.syllable - b.syllable);
}

/** Lines in twos; a line that is missing costs its own couplet and no other. */
function* coupletsOf(lines: readonly Line[]): Generator<readonly [Line | undefined, Line | undefined]> {
  const count = (at: number): number => lines[at]?.syllables.length ?? 0;
  for (let at = 0; at < lines.length; ) {
    const noSix = count(at) === 8 && count(at + 1) === 6 && count(at + 2) === 8;
    const noEight = count(at) !== 8 && count(at + 1) === 6 && count(at + 2) === 8;
    if (noSix) yield [undefined, lines[at]];
    else yield [lines[at], noEight ? undefined : lines[at + 1]];
    at += noSix || noEight ? 1 : 2;
  }
}

const of = (found: string, expected: string): Pick<VerseFault, 'found' | 'expected'> => ({ found, expected });

/** What is heard at each place; nothing where the count is wrong, as every place behind would be another. */
function soundsOf(
  { number: line, syllables }: Line,
  count: 6 | 8,
  faults: VerseFault[],
): (Sound | undefined)[] | undefined {
  if (syllables.length !== count) {
    const figures = syllables.find((syllable) => /\p{N}/u.test(syllable));
    const found = `${syllables.length}${figures === undefined ? '' : `, ${figures} as one`}`;
    faults.push({ rule: 'syllables', line, syllable: 0, ...of(found, String(count)) });
    return undefined;
  }
  const sounds = syllables.map(soundOf);
  const foreign = sounds.indexOf(undefined);
  if (foreign >= 0)
    faults.push({ rule: 'spelling', line, syllable: foreign + 1, ...of(syllables[foreign], 'a Vietnamese syllable') });
  for (const [place, flat] of Object.entries(FLAT[count])) {
    const sound = sounds[Number(place) - 1];
    if (sound === undefined || sound.flat === flat) continue;
    const expected = flat ? 'bằng (ngang or huyền)' : 'trắc (sắc, hỏi, ngã or nặng)';
    const licence = { licence: count === 6 ? licenceOf(sounds) : 'thất luật: tones turned' };
    faults.push({
      rule: 'tone',
      line,
      syllable: Number(place),
      ...of(`${sound.syllable}: ${sound.tone}`, expected),
      ...licence,
    });
  }
  const [sixth, last] = [sounds[5], sounds[7]];
  if (sixth?.flat && last?.flat && sixth.tone === last.tone) {
    const found = `${sixth.syllable}, ${last.syllable}: both ${last.tone}`;
    faults.push({ rule: 'tone', line, syllable: 8, ...of(found, 'one huyền, one ngang') });
  }
  return sounds;
}

/** A six of two halves of three syllables may turn its tones: Người quốc sắc, kẻ thiên tài. */
const licenceOf = (sounds: readonly (Sound | undefined)[]): string =>
  sounds[2]?.flat === false && sounds[5]?.flat ? 'tiểu đối: a six of 3 + 3' : 'thất luật: tones turned';

function checkRhyme(
  { number: line }: Line,
  place: number,
  carried: Sound | undefined,
  own: Sound | undefined,
  faults: VerseFault[],
): void {
  if (carried === undefined || own === undefined || rhyme(carried, own)) return;
  const found = `${carried.syllable} / ${own.syllable}`;
  const expected = `a rhyme in ${rhymeName(carried)}`;
  const licence = carried.coda === own.coda ? 'vần ép: one coda, nuclei apart' : 'lạc vận: no rhyme';
  faults.push({ rule: 'rhyme', line, syllable: place, ...of(found, expected), licence });
}
