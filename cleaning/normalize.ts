/**
 * One spelling for one text: NFC with misordered marks repaired, `Đ` for its look-alikes, one style of tone placement,
 * no invisible characters, one kind of line end and space. Idempotent: normalize(normalize(x)) = normalize(x).
 *
 * Repairs that could touch another language (Icelandic Ð, Italian "oà") run only on text that shows Vietnamese letters,
 * and only where the whole word is a Vietnamese syllable. Never applied to a benchmark's prompt.
 */
import { compose } from './compose.ts';
import { parseSyllable, splitTone, VIETNAMESE_LETTER } from './syllables.ts';

/** Each step's output is what the next one expects; the order matters. */
const STEPS: readonly ((text: string) => string)[] = [
  repairLineEnds,
  removeInvisible,
  composeMarks,
  repairStrokedD,
  placeTones,
  tidySpaces,
];

/** @returns NFC text, lines separated by `\n`, paragraphs by one blank line, trimmed; may be empty. */
export function normalize(text: string): string {
  for (const step of STEPS) text = step(text);
  return text;
}

/** CRLF, CR, NEL, line and paragraph separators, vertical tab and form feed end lines. */
function repairLineEnds(text: string): string {
  return text.replace(/\r\n?|[\u0085\u2028\v\f]/g, '\n').replace(/\u2029/g, '\n\n');
}

/** Controls, soft hyphens, direction marks, word joiners, byte order marks. */
const INVISIBLE = /[^\P{Cc}\t\n]|\u034f|[\u00ad\u180e\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;
/** Zero-width space, non-joiner and joiner mean something in these scripts and in composed pictures. */
const ZERO_WIDTH = /[\u200b-\u200d]+/g;
const JOINING =
  /(?:[\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}\p{sc=Arabic}\p{sc=Devanagari}\p{sc=Bengali}\p{sc=Tamil}\p{sc=Telugu}\p{sc=Sinhala}\p{sc=Malayalam}\p{sc=Kannada}\p{Extended_Pictographic}\p{Emoji_Modifier}]|\ufe0f)$/u;

function removeInvisible(text: string): string {
  return text
    .replace(INVISIBLE, '')
    .replace(ZERO_WIDTH, (run, at: number, whole: string) =>
      JOINING.test(whole.slice(Math.max(0, at - 2), at)) ? run[0]! : '',
    );
}

/** A tone mark typed before the hat, horn or breve survives NFC (`á` + U+0302): all are put in the order of Unicode. */
const MISORDERED = /[\u00c0-\u1ef9][\u0300\u0301\u0303\u0309\u0323]?[\u0302\u0306\u031b]/g;
const HATS = /[\u0302\u0306\u031b]/g;

function composeMarks(text: string): string {
  const composed = compose(text);
  if (composed.search(HATS) < 0) return composed;
  return composed.replace(MISORDERED, (sequence) => {
    const marks = sequence.normalize('NFD');
    const repaired = (marks[0] + (marks.match(HATS) ?? []).join('') + marks.slice(1).replace(HATS, '')).normalize(
      'NFC',
    );
    return repaired.length === 1 ? repaired : sequence;
  });
}

/** Eth and African D at the head of a Vietnamese syllable are `Đ` and `đ`. */
function repairStrokedD(text: string): string {
  if (!/[ÐðƉɖ]/.test(text) || !VIETNAMESE_LETTER.test(text)) return text;
  return text.replace(/(?<![\p{L}\p{M}])[ÐðƉɖ][\p{L}\p{M}]*/gu, (word) => {
    const repaired = (word[0] === 'ð' || word[0] === 'ɖ' ? 'đ' : 'Đ') + word.slice(1).replace(/[ÐƉ]/g, 'Đ');
    return word.length === 1 || parseSyllable(repaired.toLowerCase()) !== undefined ? repaired : word;
  });
}

/** hoà → hòa, khoẻ → khỏe, thuỷ → thủy: in an open oa, oe, uy the first vowel takes the tone, except after q. */
const LATE_TONE = /[oOuU](?:[àáảãạèéẻẽẹỳýỷỹỵ]|[ÀÁẢÃẠÈÉẺẼẸỲÝỶỸỴ])(?![\p{L}\p{M}])/gu;

function placeTones(text: string): string {
  if (!VIETNAMESE_LETTER.test(text)) return text;
  return text.replace(LATE_TONE, (vowels, at: number, whole: string) => {
    const before = whole[at - 1];
    if (before === 'q' || before === 'Q') return vowels;
    const { toneless, tones } = splitTone(vowels);
    const rhyme = toneless.toLowerCase();
    if (rhyme !== 'oa' && rhyme !== 'oe' && rhyme !== 'uy') return vowels;
    if (!isSyllableAt(whole, at, vowels)) return vowels;
    return (toneless[0] + tones).normalize('NFC') + toneless.slice(1);
  });
}

/** Whether the letters that end with `vowels` at `at` are one whole Vietnamese syllable. */
function isSyllableAt(text: string, at: number, vowels: string): boolean {
  let start = at;
  while (start > 0 && at - start < 4 && /[\p{L}\p{M}]/u.test(text[start - 1]!)) start--;
  return parseSyllable((text.slice(start, at) + vowels).toLowerCase()) !== undefined;
}

/** Every kind of space is one space (tabs between cells stay); lines are trimmed; at most one blank line in a row. */
function tidySpaces(text: string): string {
  return text
    .replace(/[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/g, ' ')
    .replace(/ {2,}/g, ' ') // runs go first: the patterns below would take quadratic time on them
    .replace(/ ?\t[ \t]*/g, '\t')
    .replace(/[ \t]?\n[ \t]?/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}
