/**
 * What is known of each distinct syllable (what spaces separate, Vietnamese or not), worked out once and remembered. Text
 * repeats its syllables, so language, measurements and dedup all read a document as an array of these shared objects.
 */
import { codeUnits } from './code-units.ts';
import { detach } from './detach.ts';
import { isPlainSyllable, parseSyllable, removeDiacritics, splitTone } from './syllables.ts';
import { isTyped } from './typed.ts';

/** What is said of a syllable in yes and no, as bits; above them its place in OTHER_LANGUAGES. */
const IS = {
  vietnamese: 1,
  plain: 2,
  closed: 4,
  marked: 8,
  telling: 16,
  foreignName: 32,
  address: 64,
  figure: 128,
  capital: 256,
  stop: 512,
  plainWord: 1024,
  hyphenated: 2048,
  typed: 4096,
} as const;
const LANGUAGE_SHIFT = 13;

/** A text is read several times over as its syllables: all but `folded` of one fits into 64 bytes. */
export class Syllable {
  /** 32-bit hash of `folded`; 0 when nothing but punctuation is left. */
  readonly hash: number;
  readonly letters: number;
  /** Characters, but leaders (`Tên:......`): three and more of one mark. */
  readonly length: number;
  readonly #is: number;
  /** Place in FUNCTION_WORDS, of the word as written or without its diacritics (`isPlainWord`); -1 when it is none. */
  readonly functionWord: number;
  /** Letters and digits only, lower case, tone mark as a digit at the end, final i for y: `Thuý,` → `thui1`. */
  readonly folded: string;

  constructor(hash: number, letters: number, length: number, is: number, functionWord: number, folded: string) {
    this.hash = hash;
    this.letters = letters;
    this.length = length;
    this.#is = is;
    this.functionWord = functionWord;
    this.folded = folded;
  }

  /** Its letters form Vietnamese syllables, diacritics as written. */
  get isVietnamese(): boolean {
    return (this.#is & IS.vietnamese) !== 0;
  }

  /** ASCII letters that form Vietnamese syllables without their diacritics. */
  get isPlain(): boolean {
    return (this.#is & IS.plain) !== 0;
  }

  /** `isPlain`, with a final consonant: what Polynesian languages, else similar on paper, do not have. */
  get isClosed(): boolean {
    return (this.#is & IS.closed) !== 0;
  }

  /** Carries a Vietnamese diacritic. */
  get isMarked(): boolean {
    return (this.#is & IS.marked) !== 0;
  }

  /** A Vietnamese syllable with a letter that hardly another language writes: a hat, horn or breve with a tone, đ, ơ, ư. */
  get isTelling(): boolean {
    return (this.#is & IS.telling) !== 0;
  }

  /** Place in OTHER_LANGUAGES of the one that it is a frequent word of; 0 when it is none. */
  get otherLanguage(): number {
    return this.#is >> LANGUAGE_SHIFT;
  }

  /** A function word without its diacritics: in a text that has them it is another word (`nam`). */
  get isPlainWord(): boolean {
    return (this.#is & IS.plainWord) !== 0;
  }

  /** Keys of Telex or VNI that nothing converted. */
  get isTyped(): boolean {
    return (this.#is & IS.typed) !== 0;
  }

  /** Several syllables, as they were written up to the 1970s: `chánh-phủ`. */
  get isHyphenated(): boolean {
    return (this.#is & IS.hyphenated) !== 0;
  }

  /** Starts with a capital and is no Vietnamese syllable: a foreign name, most likely. */
  get isForeignName(): boolean {
    return (this.#is & IS.foreignName) !== 0;
  }

  /** Holds a digit. */
  get hasFigure(): boolean {
    return (this.#is & IS.figure) !== 0;
  }

  get isCapital(): boolean {
    return (this.#is & IS.capital) !== 0;
  }

  /** A sentence ends with it. */
  get isLast(): boolean {
    return (this.#is & IS.stop) !== 0;
  }

  /** Holds a web address (a link in Markdown does), or is a bare domain name. */
  get isAddress(): boolean {
    return (this.#is & IS.address) !== 0;
  }
}

/** Frequent words of any Vietnamese text; each names itself when written with its diacritics. */
export const FUNCTION_WORDS = (
  'và của là được không những một người để với các đã này từ cũng như khi đến về tại trên ở bị nhiều việc lại sự vào ' +
  'năm có trong cho ra thì mà nếu vì sẽ đó phải còn rất theo do bằng ngày nhưng tôi đang loài'
).split(' ');
/** The last is FineWeb-2's alone: it hits articles on animals. */
export const OWN_FUNCTION_WORDS = FUNCTION_WORDS.length - 1;

/** The stop words of FineWeb-2's vie_Latn configuration. */
export const FINEWEB_STOPWORDS: ReadonlySet<string> = new Set(
  'là và của một được trong năm các có loài này đã người'.split(' '),
);

const byWord = new Map(FUNCTION_WORDS.map((word, i) => [word, i]));
/** Lower case, with its marks. */
export const isFunctionWord = (word: string): boolean => byWord.has(word);
/** Later words do not take the plain spelling of earlier ones. */
const byPlainWord = new Map([...FUNCTION_WORDS.entries()].reverse().map(([i, word]) => [removeDiacritics(word), i]));

/**
 * Syllables met before, by the FNV-1a hash of their characters: open addressing, so that a text is read without cutting a
 * string for each of its syllables. What is known of them stands in the order in which they were met, so that the frequent
 * ones stand together. Emptied when three quarters full.
 *
 *   heads      │ hash │ number + 1 │ × slots           0: free
 *   places     │ start and length in `written` │ × syllables
 *   written    │ x i n c h à o …                         UTF-16, end to end
 *   syllables  │ Syllable │ × syllables
 */
const SLOTS = 1 << 18;
const MAX_SYLLABLES = SLOTS * 0.75;
/** Longer syllables (addresses, base64) seldom come twice. */
const MAX_REMEMBERED = 40;
const LENGTH_BITS = 6;
let heads = new Int32Array(0);
let places = new Int32Array(0);
let written = new Uint16Array(0);
let syllables: Syllable[] = [];
let writtenLength = 0;

/** Reads NFC text as its syllables. */
export function readSyllables(text: string): Syllable[] {
  const read: Syllable[] = [];
  readInto(read, text, codeUnits(text), 0, text.length);
  return read;
}

export interface Paragraph {
  /** Range in the text. */
  readonly start: number;
  readonly end: number;
  /** Its syllables: up to this one, from where the paragraph before ends. */
  readonly endSyllable: number;
}

/** What parts paragraphs: a blank line; in a text without any the end of a line. */
export const paragraphEnd = (text: string): string => (text.includes('\n\n') ? '\n\n' : '\n');

/** Reads text as its syllables, and where its paragraphs end. */
export function readParagraphs(text: string): { readonly syllables: Syllable[]; readonly paragraphs: Paragraph[] } {
  const read: Syllable[] = [];
  const units = codeUnits(text);
  const paragraphs: Paragraph[] = [];
  const separator = paragraphEnd(text);
  for (let start = 0; start < text.length; ) {
    const next = text.indexOf(separator, start);
    const end = next < 0 ? text.length : next;
    readInto(read, text, units, start, end);
    paragraphs.push({ start, end, endSyllable: read.length });
    start = end + separator.length;
  }
  return { syllables: read, paragraphs };
}

function readInto(read: Syllable[], text: string, units: Uint16Array, from: number, end: number): void {
  for (let at = from; at < end; ) {
    while (at < end && units[at] <= 0x20) at++;
    const start = at;
    let hash = FNV_OFFSET;
    for (let unit = units[at]; at < end && unit > 0x20; unit = units[++at]) hash = Math.imul(hash ^ unit, FNV_PRIME);
    if (at === start) continue;
    const syllable = syllableAt(text, units, start, at, mix32(hash));
    if (!syllable.isHyphenated) read.push(syllable);
    else for (const part of text.slice(start, at).split('-')) read.push(partOf(part));
  }
}

/** Parts of hyphenated words. */
const parts = new Map<string, Syllable>();
const MAX_PARTS = 20_000;

function partOf(written: string): Syllable {
  let part = parts.get(written);
  if (part !== undefined) return part;
  if (parts.size >= MAX_PARTS) parts.clear();
  part = analyse(written);
  parts.set(detach(written), part);
  return part;
}

function syllableAt(text: string, units: Uint16Array, start: number, end: number, hash: number): Syllable {
  const length = end - start;
  if (length > MAX_REMEMBERED) return analyse(text.slice(start, end));
  if (heads.length === 0 || syllables.length >= MAX_SYLLABLES) forgetSyllables();
  let slot = 2 * (hash & (SLOTS - 1));
  for (let number = heads[slot + 1]; number !== 0; number = heads[slot + 1]) {
    if (heads[slot] === hash && standsAt(units, start, length, places[number - 1])) return syllables[number - 1];
    slot = (slot + 2) & (2 * SLOTS - 1);
  }
  const syllable = analyse(text.slice(start, end));
  places[syllables.length] = (writtenLength << LENGTH_BITS) | length;
  written.set(units.subarray(start, end), writtenLength);
  writtenLength += length;
  syllables.push(syllable);
  heads[slot] = hash;
  heads[slot + 1] = syllables.length;
  return syllable;
}

function forgetSyllables(): void {
  heads = new Int32Array(2 * SLOTS);
  places = new Int32Array(MAX_SYLLABLES);
  written = new Uint16Array(MAX_SYLLABLES * MAX_REMEMBERED);
  syllables = [];
  writtenLength = 0;
}

/** Whether the syllable of that place in `written` is the one that stands at `start`. */
function standsAt(units: Uint16Array, start: number, length: number, place: number): boolean {
  if ((place & ((1 << LENGTH_BITS) - 1)) !== length) return false;
  const from = place >>> LENGTH_BITS;
  for (let i = 0; i < length; i++) if (units[start + i] !== written[from + i]) return false;
  return true;
}

/** No language writes longer ones: of what is longer only the head is looked at. */
const LONGEST_READ = 10_000;

function analyse(whole: string): Syllable {
  const written = whole.length > LONGEST_READ ? whole.slice(0, LONGEST_READ) : whole;
  const parts = written.match(/[\p{L}\p{M}]+/gu) ?? [];
  const lower = parts.map((part) => part.toLowerCase());
  const letters = parts.reduce((sum, part) => sum + part.length, 0);
  const isWord = lower.length > 0;
  const isVietnamese = isWord && lower.every((part) => parseSyllable(part) !== undefined);
  const isAscii = isWord && lower.every((part) => ASCII_LETTERS.test(part));
  const isPlain = isAscii && lower.every(isPlainSyllable);
  const isCapital = /^\P{L}*\p{Lu}/u.test(written);
  const single = lower.length === 1 ? lower[0] : '';
  let is =
    (isVietnamese ? IS.vietnamese : 0) |
    (isPlain ? IS.plain : 0) |
    (isPlain && /[chgmnpt]$/.test(lower.at(-1)!) ? IS.closed : 0) |
    (!isAscii && lower.some((part) => part !== removeDiacritics(part)) ? IS.marked : 0) |
    (isVietnamese && TELLING_LETTER.test(lower.join('')) ? IS.telling : 0) |
    (isWord && !isVietnamese && !isPlain && isCapital ? IS.foreignName : 0) |
    (isCapital ? IS.capital : 0) |
    (byWord.has(single) || !byPlainWord.has(single) ? 0 : IS.plainWord) |
    ((otherWords.get(single) ?? neighbourOf(single, isVietnamese)) << LANGUAGE_SHIFT);
  // What is letters from end to end has none of these.
  if (letters < written.length) {
    is |=
      (ADDRESS.test(written) ? IS.address : 0) |
      (/\p{N}/u.test(written) ? IS.figure : 0) |
      (/[.!?…]\P{L}*$/u.test(written) ? IS.stop : 0) |
      (isVietnamese && lower.length > 1 && HYPHENATED.test(written) ? IS.hyphenated : 0);
  }
  if (!isVietnamese && isTyped(written.toLowerCase().replace(/[^a-z0-9]+$|^[^a-z0-9]+/g, ''))) is |= IS.typed;
  const functionWord = byWord.get(single) ?? byPlainWord.get(single) ?? -1;
  const folded = detach(fold(written));
  const shown = letters < written.length ? withoutLeaders(written) : written;
  const length = shown === '' ? 0 : shown.length + whole.length - written.length;
  return new Syllable(folded === '' ? 0 : hash32(folded), letters, length, is, functionWord, folded);
}

const ASCII_LETTERS = /^[a-z]+$/;
const LEADERS = /([^\p{L}\p{M}\p{N}\s])\1{2,}/gu;

/** Dots, lines and stars that lead the eye or rule a form say nothing: what is left of the text. */
export const withoutLeaders = (text: string): string => text.replace(LEADERS, '');

/** Letters joined by hyphens, punctuation around them. */
const HYPHENATED = /^[^\p{L}\p{N}-]*\p{L}+(?:-\p{L}+)+[^\p{L}\p{N}-]*$/u;

/** Igbo and Yoruba share the letters with a dot below, Czech and Icelandic those with an accent. */
const TELLING_LETTER = /[ăđơưảấầẩẫậắằẳẵặẻẽếềểễệỉỏốồổỗộớờởỡợủứừửữựỳỵỷỹ]/;
/** Frequent words that are no Vietnamese syllable, of languages that give themselves away by them; none is of two. */
const OTHER_WORDS = {
  eng:
    'of and is for with as are this by from or have has was were which you will its when about after all been they their ' +
    'there these would could what who how over into more other some such only also most first our your we she his her said',
  deu: 'der und das nicht auf ist eine einen einer werden wird sind wurde haben auch durch über oder zur zum dass wie noch',
  fra: 'les est dans une pour avec cette sont aux ont mais nous vous leur leurs ses été être elle ils où très après',
  spa: 'los las el pero fue según años también todo cuando donde hasta sus sido desde está',
  fil: 'mga ang ng ito sila kanyang kanilang naman hindi niya nila kung upang noong dahil bilang ngunit ayon isang',
  swe: 'och att inte för på av till med som är ett har från eller efter också kan vid när var under',
  por: 'uma dos os às pelo pela pelos foi também já até isso ela quando você nos numa foram',
};
/**
 * Languages beside Vietnamese that are written with its letters, known by clusters that it has not: Tày and Nùng
 * (slương, bjoóc, pjá, fạ), Mường (tlâu, klơ).
 */
const NEIGHBOURS: readonly (readonly [code: string, onset: RegExp])[] = [
  ['tyz', /^(?:sl|bj|pj|mj|f|khj)[^a-z]?[aeiouyăâêôơư\u00c0-\u1ef9]/],
  ['mtq', /^(?:tl|kl)[aeiouyăâêôơư\u00c0-\u1ef9]/],
];
/** The first place stands for none of them. */
export const OTHER_LANGUAGES = ['', ...Object.keys(OTHER_WORDS), ...NEIGHBOURS.map(([code]) => code)] as const;

/** Place of the neighbour whose syllable it is: without the cluster a Vietnamese one, and marked. */
function neighbourOf(word: string, isVietnamese: boolean): number {
  if (isVietnamese || word === removeDiacritics(word)) return 0;
  const found = NEIGHBOURS.findIndex(([, onset]) => onset.test(word));
  const rest = word.replace(/^(?:sl|bj|pj|mj|f|khj|tl|kl)/, 't');
  return found < 0 || parseSyllable(rest) === undefined ? 0 : OTHER_LANGUAGES.indexOf(NEIGHBOURS[found][0] as never);
}
const otherWords = new Map(
  Object.values(OTHER_WORDS).flatMap((words, i) => words.split(' ').map((word) => [word, i + 1] as const)),
);

const ADDRESS =
  /(?:https?:\/\/|\bwww\.)\S|^\W*[a-z\d.-]{2,40}\.(?:com|net|org|vn|info|biz|xyz|club|top|vip|win|bet)(?:\W|$)/i;

function fold(written: string): string {
  const lower = written.toLowerCase().replace(/[^\p{L}\p{M}\p{N}]+/gu, '');
  const { toneless, tones } = splitTone(lower);
  const marks = tones.replace(/./gu, (mark) => String('\u0300\u0301\u0303\u0309\u0323'.indexOf(mark)));
  return toneless.replace(/^(h|k|l|m|n|s|t|v|qu|)y$/, '$1i') + marks;
}

const FNV_OFFSET = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;

/** FNV-1a over UTF-16 code units with Murmur's finalizer; never 0. */
export function hash32(text: string): number {
  let hash = FNV_OFFSET;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME);
  return mix32(hash) || 1;
}

/** Spreads every input bit over all output bits (MurmurHash3's finalizer). */
export function mix32(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
