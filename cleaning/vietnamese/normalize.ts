/**
 * One spelling for one text: NFC with misordered marks repaired, `Đ` for its look-alikes, Latin letters for letters that
 * pass for them, tone marks in their place, no invisible characters, one kind of line end and space. Idempotent:
 * normalize(normalize(x)) = normalize(x).
 *
 * Repairs that could touch another language (Icelandic Ð, Italian "oà") run only on text that shows Vietnamese letters,
 * and only where the whole word is a Vietnamese syllable. Never applied to a benchmark's prompt.
 */
import type { ToneStyle } from '../choices.ts';
import { REPAIRS, type Repairs } from '../document.ts';
import { isCode } from './code.ts';
import { dropPiledMarks, nfc } from './nfc.ts';
import { parseSyllable, VIETNAMESE_LETTER } from './syllables.ts';
import { placeTones } from './tones.ts';
import { TRAIT, traitsOf } from './traits.ts';

const NONE = Object.fromEntries(REPAIRS.map((repair) => [repair, 0])) as Repairs;
export const noRepairs = (): Repairs => ({ ...NONE });

/** Each step's output is what the next one expects; the order matters. A step without a trait may find work in any text. */
const STEPS: readonly (readonly [
  step: (text: string, repairs: Repairs, tones: ToneStyle) => string,
  trait?: number,
])[] = [
  [repairLineEnds, TRAIT.lineEnd],
  [removeInvisible, TRAIT.invisible],
  [composeMarks, TRAIT.marks],
  [repairHomoglyphs, TRAIT.guest],
  [repairStrokedD, TRAIT.strokedD],
  [(text, repairs, tones) => placeTones(text, tones, repairs)],
  [repairQuotes, TRAIT.quote],
  [tidySpaces, TRAIT.space],
];

/**
 * One spelling for one text: composed letters, tone marks in their place, Đ, plain spaces and quotation marks.
 * @param repairs is counted up
 * @param tones style of `hòa` and `hoà` (tones.ts)
 * @returns NFC text, lines separated by `\n`, paragraphs by one blank line, trimmed; may be empty.
 */
export function normalize(text: string, repairs: Repairs = noRepairs(), tones: ToneStyle = 'keep'): string {
  let traits = traitsOf(text);
  for (const [step, trait] of STEPS) {
    if (trait !== undefined && (traits & trait) === 0) continue;
    const before = text;
    text = step(before, repairs, tones);
    if (text !== before) traits = traitsOf(text);
  }
  return text;
}

/** CRLF, CR, NEL, line and paragraph separators, vertical tab and form feed end lines. */
function repairLineEnds(text: string, repairs: Repairs): string {
  if (!ODD_LINE_END.test(text)) return text;
  return text
    .replace(/\r\n?|[\u0085\u2028\v\f]/g, () => {
      repairs.spaces++;
      return '\n';
    })
    .replace(/\u2029/g, '\n\n');
}

const ODD_LINE_END = /[\r\u0085\u2028\u2029\v\f]/;

/** Controls, soft hyphens, direction marks, word joiners, byte order marks. */
const INVISIBLE = /[^\P{Cc}\t\n]|\u034f|[\u00ad\u180e\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;
/** Zero-width space, non-joiner and joiner mean something in these scripts and in composed pictures. */
const ZERO_WIDTH = /[\u200b-\u200d]+/g;
/** Of one character. No class in brackets: V8 14.6 (Node 26) does not find pairs in one. */
const JOINING = new RegExp(
  `^(?:${'Thai Lao Khmer Myanmar Arabic Devanagari Bengali Tamil Telugu Sinhala Malayalam Kannada'
    .split(' ')
    .map((script) => `\\p{sc=${script}}`)
    .join('|')}|\\p{Extended_Pictographic}|\\p{Emoji_Modifier}|\ufe0f)`,
  'u',
);

/** The character that ends at `at`. */
const characterBefore = (text: string, at: number): string =>
  text.slice(
    /[\ud800-\udbff][\udc00-\udfff]/.test(text.slice(Math.max(0, at - 2), at)) ? at - 2 : Math.max(0, at - 1),
    at,
  );

function removeInvisible(text: string, repairs: Repairs): string {
  const visible = text
    .replace(INVISIBLE, '')
    .replace(ZERO_WIDTH, (run, at: number, whole: string) => (JOINING.test(characterBefore(whole, at)) ? run[0] : ''));
  repairs.invisible += text.length - visible.length;
  return visible;
}

/** A tone mark typed before the hat, horn or breve survives NFC (`á` + U+0302): all are put in the order of Unicode. */
const MISORDERED = /[\u00c0-\u1ef9][\u0300\u0301\u0303\u0309\u0323]?[\u0302\u0306\u031b]/g;
const HATS = /[\u0302\u0306\u031b]/g;

function composeMarks(text: string, repairs: Repairs): string {
  const composed = nfc(dropPiledMarks(text));
  repairs.marks += Math.max(0, text.length - composed.length);
  if (composed.search(HATS) < 0) return composed;
  return composed.replace(MISORDERED, (sequence) => {
    const marks = sequence.normalize('NFD');
    const repaired = (marks[0] + (marks.match(HATS) ?? []).join('') + marks.slice(1).replace(HATS, '')).normalize(
      'NFC',
    );
    if (repaired.length !== 1) return sequence;
    repairs.marks++;
    return repaired;
  });
}

/** Letters of other scripts that pass for Latin ones. */
const HOMOGLYPHS = new Map(
  [
    'аa еe оo рp сc уy хx іi јj ѕs һh ԁd АA ВB ЕE КK МM НH ОO РP СC ТT УY ХX ІI οo',
    'ΑA ΒB ΕE ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX',
  ]
    .join(' ')
    .split(' ')
    .map(([guest, latin]) => [guest!, latin!]),
);
const MAY_PASS = /[\u0370-\u052f]/;
/** Only from the head of a word: a long one without guests would be read again from each of its letters. */
const WORD_WITH_GUESTS =
  /(?<![\p{sc=Latin}\p{M}])[\p{sc=Latin}\p{M}]*[\u0370-\u052f][\p{sc=Latin}\p{M}\u0370-\u052f]*/gu;
/** A whole run: beside Chinese and Japanese it is written so on purpose. */
const FULL_WIDTH =
  /(?<![\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\u3000-\u303f\uff01-\uff5e])[\uff01-\uff5e]+(?![\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\u3000-\u303f\uff01-\uff5e])/gu;

/** A word that mixes scripts and is a Vietnamese syllable once its guests are replaced; full-width ASCII. */
function repairHomoglyphs(text: string, repairs: Repairs): string {
  if (!/[\u0370-\u052f\uff01-\uff5e]/.test(text) || !VIETNAMESE_LETTER.test(text)) return text;
  const narrow = text.replace(FULL_WIDTH, (run) => {
    repairs.homoglyphs += run.length;
    return run.replace(/./gs, (character) => String.fromCharCode(character.charCodeAt(0) - 0xfee0));
  });
  if (!MAY_PASS.test(narrow)) return narrow;
  return narrow.replace(WORD_WITH_GUESTS, (word) => {
    const latin = word.replace(/[\u0370-\u052f]/g, (guest) => HOMOGLYPHS.get(guest) ?? guest).normalize('NFC');
    const isMixed = /\p{sc=Latin}/u.test(word);
    if (!isMixed || MAY_PASS.test(latin) || parseSyllable(latin.toLowerCase()) === undefined) return word;
    repairs.homoglyphs++;
    return latin;
  });
}

/**
 * Eth and African D are `Đ` and `đ` at the head of a word (`Ðắk`) and in abbreviations (`NÐ-CP`, `HÐND`). Icelandic words
 * have an eth inside; a small one alone is a sound (`/ð/`).
 */
function repairStrokedD(text: string, repairs: Repairs): string {
  if (!/[ÐðƉɖ]/.test(text) || !VIETNAMESE_LETTER.test(text)) return text;
  return text.replace(/(?<![\p{L}\p{M}])[\p{L}\p{M}]*?[ÐðƉɖ][\p{L}\p{M}]*/gu, (word, at: number) => {
    if (!isStrokedD(word, text[at - 1], text[at + word.length])) return word;
    repairs.stroked_d++;
    return word.replace(/[ÐƉ]/g, 'Đ').replace(/[ðɖ]/g, 'đ');
  });
}

function isStrokedD(word: string, before = ' ', behind = ' '): boolean {
  if (/^[ðɖ]$/.test(word)) return !/[/[\]ˈˌː]/.test(before + behind);
  const repaired = word.replace(/[ÐƉ]/g, 'Đ').replace(/[ðɖ]/g, 'đ');
  if (/^[ÐðƉɖ]/.test(word) && parseSyllable(repaired.toLowerCase()) !== undefined) return true;
  if (/[þæöøåœ]|(?<=.)[ðɖ]/iu.test(word.slice(1)) && !/^[A-ZÐƉĐ]+$/.test(word)) return false;
  // Ðắk, Ðăk, ÐắkLắk; a short word of capitals is an abbreviation.
  return /^[ÐƉ]/.test(word) ? word.length <= 12 : /^[A-ZÐƉĐ]{2,6}$/.test(word) && !/[AEIOUY].*[AEIOUY]/.test(word);
}

/** Rare forms of quotation marks; the common ones, straight and curly, stay as they were written. */
const QUOTES: Readonly<Record<string, string>> = {
  '\u201e': '“', '\u201f': '“', '\u301d': '“', '\u301e': '”', '\u301f': '”', '\uff02': '"', '\u201a': '‘', '\u201b': '‘', '\u02bc': '’', '\u00b4': '’',
}; // biome-ignore format: a table
const RARE_QUOTE = /[\u201e\u201f\u301d-\u301f\uff02\u201a\u201b\u02bc]|(?<=\p{L})\u00b4(?=\p{L})/gu;

/** As German writes them, „so“ and ‚so‘: what closes looks like what opens elsewhere. */
const LOW_PAIR = /\u201e([^\n„“”"]{1,300})[“”"]|\u201a([^\n‚‘’']{1,300})[‘’'](?!\p{L})/gu;

function repairQuotes(text: string, repairs: Repairs): string {
  if (!/[\u00b4\u02bc\u201a\u201b\u201e\u201f\u301d-\u301f\uff02]/.test(text) || !VIETNAMESE_LETTER.test(text))
    return text;
  const paired = text.replace(LOW_PAIR, (_, inDouble?: string, inSingle?: string) => {
    repairs.quotes += 2;
    return inDouble !== undefined ? `“${inDouble}”` : `‘${inSingle}’`;
  });
  return paired.replace(RARE_QUOTE, (quote) => {
    repairs.quotes++;
    return QUOTES[quote] ?? quote;
  });
}

/** Every kind of space is one space (tabs between cells stay); lines are trimmed; at most one blank line in a row. */
function tidySpaces(text: string, repairs: Repairs): string {
  const plain = text.replace(/[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/g, () => {
    repairs.spaces++;
    return ' ';
  });
  const tidy = INDENTED.test(plain) ? tidyAroundCode(plain) : tidyProse(plain);
  repairs.spaces += text.length - tidy.length;
  return tidy;
}

const INDENTED = /(?:^|\n)(?: {2}|\t)[ \t]*\S/;
const FENCE = /^\s{0,3}(?:```|~~~)/;

/** Code keeps its spaces: between fences, a paragraph of it, and an indented one behind that. */
function tidyAroundCode(text: string): string {
  let [isFenced, isBehindCode] = [false, false];
  const paragraphs = text.split(/\n[ \t]*\n/).map((paragraph) => {
    const lines = paragraph.split('\n').map((line) => line.trimEnd());
    const fences = lines.filter((line) => FENCE.test(line)).length;
    const continues = isBehindCode && lines.every((line) => /^(?: {2}|\t)/.test(line));
    const keeps = isFenced || fences > 1 || continues || isCode(lines);
    isBehindCode = keeps && fences === 0;
    if (fences % 2 === 1) isFenced = !isFenced;
    return keeps || isFenced ? lines.filter((line) => line !== '').join('\n') : tidyProse(paragraph);
  });
  return paragraphs.filter((paragraph) => paragraph !== '').join('\n\n');
}

function tidyProse(text: string): string {
  const spaced = text.replace(/ {2,}/g, ' '); // runs go first: the patterns below would take quadratic time on them
  const lines = spaced.includes('\t')
    ? spaced
        .replace(/ ?\t ?/g, '\t')
        .split('\n')
        .map(tidyLine)
        .join('\n')
    : spaced.replace(/ ?\n ?/g, '\n').trim();
  return lines.replace(/\n{3,}/g, '\n\n').replace(/^\n+|\n{1,2}$/g, '');
}

/** Blank ends go, but the tabs at the head of a row, which are its empty cells. */
export function tidyLine(line: string): string {
  const trimmed = line.trim();
  if (!trimmed.includes('\t')) return trimmed;
  return line.slice(0, line.indexOf(trimmed)).replaceAll(' ', '') + trimmed;
}
