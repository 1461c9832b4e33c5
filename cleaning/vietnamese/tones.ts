/**
 * Where the tone mark stands. In an open oa, oe, uy there are two styles, both in print: hòa, thủy (old) and hoà, thuỷ
 * (new; Decision 1989/QĐ-BGDĐT of 2018 for textbooks). Everywhere else one vowel takes it, and a mark on another (tòan,
 * qúy, cuả), or a second one (ngườị), is a slip of the keyboard.
 */
import { TONE_STYLES, type ToneStyle } from '../choices.ts';
import { codeUnits } from './code-units.ts';
import { parseSyllable, splitTone, VIETNAMESE_LETTER } from './syllables.ts';

const VOWELS = 'aăâeêioôơuưy';
const MARKS = '\u0300\u0301\u0303\u0309\u0323';
/** Kinds of UTF-16 code units: a letter, and of vowels the place in VOWELS, with a bit where they carry a tone. */
const LETTER = 1;
const VOWEL = 2;
const TONED = 32;
let kinds: Uint8Array | undefined;

function letterKinds(): Uint8Array {
  if (kinds !== undefined) return kinds;
  kinds = new Uint8Array(0x10000);
  for (let unit = 0; unit < kinds.length; unit++) if (IS_LETTER.test(String.fromCharCode(unit))) kinds[unit] = LETTER;
  for (const [place, vowel] of [...VOWELS].entries()) {
    for (const mark of ['', ...MARKS]) {
      const letter = (vowel + mark).normalize('NFC');
      for (const each of [letter, letter.toUpperCase()])
        kinds[each.charCodeAt(0)] = (VOWEL + place) | (mark === '' ? 0 : TONED);
    }
  }
  return kinds;
}

const IS_LETTER = /[\p{L}\p{M}]/u;

/** A toned vowel and the one behind it, inside a word, at its end; the one before it and a toned vowel at the end of a word. */
const SLIPS = {
  inside: 'iê yê uê uâ uô uơ ươ oa oă oe uy',
  end: 'uê uơ',
  behind: 'ai ăi âi ei êi oi ôi ơi ui ưi au âu eu êu iu ơu ưu ao eo ay ây ia ua ưa',
};
const STYLES = {
  keep: { end: '', behind: '' },
  old: { end: '', behind: 'oa oe uy' },
  new: { end: 'oa oe uy', behind: '' },
};
/** By two vowels, whether they are in the list. */
function pairs(list: string): Uint8Array {
  const listed = new Uint8Array(256);
  for (const pair of list.trim().split(/ +/)) listed[(VOWELS.indexOf(pair[0]) << 4) | VOWELS.indexOf(pair[1])] = 1;
  return listed;
}
const INSIDE = pairs(SLIPS.inside);
const AT_END = new Map(TONE_STYLES.map((style) => [style, pairs(`${SLIPS.end} ${STYLES[style].end}`)]));
const BEHIND = new Map(TONE_STYLES.map((style) => [style, pairs(`${SLIPS.behind} ${STYLES[style].behind}`)]));

/** A mark to be moved, in a word of the text. */
interface Slip {
  readonly start: number;
  readonly end: number;
  readonly word: string;
  readonly repaired: string;
  /** Of two styles; a slip in a syllable that ends with a vowel; any other slip. */
  readonly kind: 'style' | 'open' | 'closed';
}

/**
 * Puts every tone mark where it belongs; between the two styles names stay as their owners write them.
 * @param text NFC
 * @param repairs `tones` counts words of the other style, `marks` slips
 */
export function placeTones(text: string, style: ToneStyle, repairs: { tones: number; marks: number }): string {
  if (!VIETNAMESE_LETTER.test(text)) return text;
  const slips = slipsIn(text, style);
  // Tòan is a slip in a name as well; Liú may be Chinese.
  const names = new Set(slips.filter((slip) => slip.kind !== 'closed' && isName(text, slip)).map(({ word }) => word));
  let [placed, behind] = ['', 0];
  for (const { start, end, word, repaired, kind } of slips) {
    if (names.has(word)) continue;
    placed += text.slice(behind, start) + repaired;
    behind = end;
    repairs[kind === 'style' ? 'tones' : 'marks']++;
  }
  return placed + text.slice(behind);
}

function slipsIn(text: string, style: ToneStyle): Slip[] {
  const [units, kind] = [codeUnits(text), letterKinds()];
  const [atEnd, behindIt] = [AT_END.get(style)!, BEHIND.get(style)!];
  const { length } = text;
  const at = (i: number): number => (i >= 0 && i < length ? kind[units[i]] : 0);
  const isSlip = (i: number): boolean => {
    const [before, own, next] = [at(i - 1), vowelOf(kind[units[i]]), at(i + 1)];
    if ((next & TONED) !== 0 || (next >= VOWEL && (at(i + 2) & TONED) !== 0)) return true;
    if (next >= VOWEL) {
      if (before === LETTER && ((own === I && isIn('gG', units[i - 1])) || (own === U && isIn('qQ', units[i - 1]))))
        return true;
      const pair = (own << 4) | vowelOf(next);
      return at(i + 2) === 0 ? atEnd[pair] === 1 : INSIDE[pair] === 1;
    }
    if (next !== 0 || before < VOWEL || behindIt[(vowelOf(before) << 4) | own] === 0) return false;
    return (
      at(i - 2) !== LETTER || !isIn('qQgG', units[i - 2]) || vowelOf(before) !== (isIn('qQ', units[i - 2]) ? U : I)
    );
  };
  const slips: Slip[] = [];
  for (let i = 0; i < length; i++) {
    if ((kind[units[i]] & TONED) === 0 || !isSlip(i)) continue;
    let [start, end] = [i, i + 1];
    while (i - start < LONGEST && at(start - 1) !== 0) start--;
    while (end - start < LONGEST && at(end) !== 0) end++;
    if (at(start - 1) !== 0 || at(end) !== 0) {
      while (at(i + 1) !== 0) i++; // no syllable: a word of millions of letters is passed once
      continue;
    }
    const word = text.slice(start, end);
    const slip = respell(word, style);
    if (slip === undefined || slip.repaired === word) continue;
    i = end - 1;
    if (!isGuest(text, start, end) && !isOfName(text, start, end)) slips.push({ start, end, word, ...slip });
  }
  return slips;
}

const vowelOf = (kind: number): number => (kind & ~TONED) - VOWEL;
const isIn = (letters: string, unit: number): boolean => letters.includes(String.fromCharCode(unit));
const [I, U] = [VOWELS.indexOf('i'), VOWELS.indexOf('u')];
/** `nghiêng` and a letter behind it: what is longer is no syllable. */
const LONGEST = 8;

/** The word with one mark in its place; `undefined` where it is no Vietnamese syllable. */
function respell(word: string, style: ToneStyle): Pick<Slip, 'repaired' | 'kind'> | undefined {
  const { toneless, tones } = splitTone(word);
  if (tones === '' || tones.length > 2 || toneless.length !== word.length) return undefined;
  const lower = toneless.toLowerCase();
  const spelling = parseSyllable(lower + tones[0]); // a stop needs its tone
  if (spelling === undefined) return undefined;
  const { onset, rhyme } = spelling;
  if (FOREIGN_ONSET.has(onset) || (rhyme === 'oe' && !BEFORE_OE.has(onset))) return undefined;
  const marked = [...word].flatMap((letter, at) => (splitTone(letter).tones === '' ? [] : [at]));
  const isEither = /^(?:oa|oe|uy)$/.test(rhyme);
  const keeps = isEither && marked.length === 1 && (style === 'keep' || marked[0] < onset.length);
  const late = style === 'new' || (style === 'keep' && isEither && marked.includes(onset.length + 1));
  const carrier = onset.length + (isEither ? Number(late) : carrierOf(rhyme));
  if (keeps && marked[0] >= onset.length) return undefined;
  const tone = tones[Math.max(0, marked.indexOf(carrier))];
  if (tones.length === 2 && tones[0] !== tones[1] && !marked.includes(carrier)) return undefined;
  const repaired = (toneless.slice(0, carrier + 1) + tone + toneless.slice(carrier + 1)).normalize('NFC');
  if (isEither && marked.length === 1 && marked[0] >= onset.length) return { repaired, kind: 'style' };
  return { repaired, kind: rhyme.length > 1 && /[aeiouyư]$/.test(rhyme) && onset !== 'qu' ? 'open' : 'closed' };
}

/** Più, Piñón: native words hardly begin so. */
const FOREIGN_ONSET: ReadonlySet<string> = new Set(['p']);
/** Noé, Poé and Boé are names from elsewhere. */
const BEFORE_OE: ReadonlySet<string> = new Set(['', ...'ch d đ h kh l ng ngh nh r s t th x'.split(' ')]);

/** Place of the vowel that takes the tone: a hat, horn or breve; before a final consonant the last; else by the count. */
function carrierOf(rhyme: string): number {
  const vowels = /^[aăâeêioôơuưy]+/.exec(rhyme)![0];
  const hatted = vowels.search(/[ăâêôơ]/);
  if (hatted >= 0) return hatted;
  if (vowels.length < rhyme.length) return vowels.length - 1;
  return vowels.length === 3 ? 1 : 0;
}

/** A part of an identifier: `bien_hoà`, `hoà(x)`, `ds.hoà`. */
const isOfName = (text: string, start: number, end: number): boolean =>
  /[\p{N}_$@.\\/]$/u.test(text.slice(start - 1, start)) || /^(?:[\p{N}_([\]]|\.\p{L})/u.test(text.slice(end, end + 2));

/** Pinyin (`liú`) uses these marks too: Chinese letters, or marks that Vietnamese has not, stand beside it. */
const isGuest = (text: string, start: number, end: number): boolean =>
  /[\p{sc=Han}āēīōūǎěǐǒǔǖǘǚǜ]/u.test(text.slice(Math.max(0, start - 24), end + 24));

/** Written with a capital, and not because a sentence begins there. */
function isName(text: string, { start, end, word }: Slip): boolean {
  if (!/^\p{Lu}/u.test(word)) return false;
  const before = text.slice(Math.max(0, start - 4), start);
  const opens =
    start === 0 || /(?:[.!?…:;\n]\s*|\n)["“‘'([*•–—-]*\s*$/u.test(before) || /(?:^|\n)[\s"“‘'(•–—-]*$/.test(before);
  return !opens || !/^[\s,]+[\p{Ll}\d]/u.test(text.slice(end, end + 3));
}
