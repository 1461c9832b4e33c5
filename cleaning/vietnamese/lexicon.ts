/**
 * What is known of each distinct syllable (what spaces separate, Vietnamese or not), worked out once and remembered. Text
 * repeats its syllables, so language, measurements and dedup all read a document as an array of these shared objects.
 */
import { codeUnits } from './code-units.ts';
import { detach } from './detach.ts';
import { isTyped } from './typed.ts';
import { fold, IS, keysOf, NO_WORD, wordOf } from './words.ts';

export const LANGUAGE_SHIFT = 14;

/** A text is read several times over as its syllables: all but `folded` of one fits into 64 bytes. */
export class Syllable {
  /** 32-bit hash of `folded`; 0 when nothing but punctuation is left. */
  readonly hash: number;
  readonly letters: number;
  /** Characters, but leaders (`Tên:......`): three and more of one mark. */
  readonly length: number;
  /** Bits of IS, above them its place in OTHER_LANGUAGES: what loops over all syllables reads at once. */
  readonly is: number;
  /** Place in FUNCTION_WORDS, of the word as written or without its diacritics (`isPlainWord`); -1 when it is none. */
  readonly functionWord: number;
  /** Letters and digits only, lower case, tone mark as a digit at the end, final i for y: `Thuý,` → `thui1`. */
  readonly folded: string;

  constructor(hash: number, letters: number, length: number, is: number, functionWord: number, folded: string) {
    this.hash = hash;
    this.letters = letters;
    this.length = length;
    this.is = is;
    this.functionWord = functionWord;
    this.folded = folded;
  }

  /** Its letters form Vietnamese syllables, diacritics as written. */
  get isVietnamese(): boolean {
    return (this.is & IS.vietnamese) !== 0;
  }

  /** ASCII letters that form Vietnamese syllables without their diacritics. */
  get isPlain(): boolean {
    return (this.is & IS.plain) !== 0;
  }

  /** `isPlain`, with a final consonant: what Polynesian languages, else similar on paper, do not have. */
  get isClosed(): boolean {
    return (this.is & IS.closed) !== 0;
  }

  /** Carries a Vietnamese diacritic. */
  get isMarked(): boolean {
    return (this.is & IS.marked) !== 0;
  }

  /** A Vietnamese syllable with a letter that hardly another language writes: a hat, horn or breve with a tone, đ, ơ, ư. */
  get isTelling(): boolean {
    return (this.is & IS.telling) !== 0;
  }

  /** Place in OTHER_LANGUAGES of the one that it is a frequent word of; 0 when it is none. */
  get otherLanguage(): number {
    return this.is >> LANGUAGE_SHIFT;
  }

  /** A function word without its diacritics: in a text that has them it is another word (`nam`). */
  get isPlainWord(): boolean {
    return (this.is & IS.plainWord) !== 0;
  }

  /** Keys of Telex or VNI that nothing converted. */
  get isTyped(): boolean {
    return (this.is & IS.typed) !== 0;
  }

  /** A frequent word of Tày, Nùng or Thái, which Vietnamese could have and has not. */
  get isNeighbour(): boolean {
    return (this.is & IS.neighbour) !== 0;
  }

  /** Several syllables, as they were written up to the 1970s: `chánh-phủ`. */
  get isHyphenated(): boolean {
    return (this.is & IS.hyphenated) !== 0;
  }

  /** Starts with a capital and is no Vietnamese syllable: a foreign name, most likely. */
  get isForeignName(): boolean {
    return (this.is & IS.foreignName) !== 0;
  }

  /** Holds a digit. */
  get hasFigure(): boolean {
    return (this.is & IS.figure) !== 0;
  }

  get isCapital(): boolean {
    return (this.is & IS.capital) !== 0;
  }

  /** A sentence ends with it. */
  get isLast(): boolean {
    return (this.is & IS.stop) !== 0;
  }

  /** Holds a web address (a link in Markdown does), or is a bare domain name. */
  get isAddress(): boolean {
    return (this.is & IS.address) !== 0;
  }
}

/**
 * Syllables met before, by the FNV-1a hash of their characters: open addressing, so that a text is read without cutting a
 * string for each of its syllables. What is known of them stands in the order in which they were met, so that the frequent
 * ones stand together. Emptied when three quarters full.
 *
 *   heads      │ hash │ number + 1 │ × slots           0: free
 *   places     │ start in `written`, whether it is hyphenated, length │ × syllables
 *   written    │ x i n c h à o …                         UTF-16, end to end
 *   syllables  │ Syllable │ × syllables
 */
const SLOTS = 1 << 18;
const MAX_SYLLABLES = SLOTS * 0.75;
/** Longer syllables (addresses, base64) seldom come twice. */
const MAX_REMEMBERED = 40;
const LENGTH_BITS = 6;
const HYPHENATED_BIT = 1 << LENGTH_BITS;
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
    if (syllable !== undefined) read.push(syllable);
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

/** `undefined` for a hyphenated word: its parts are syllables. What is known is not looked at before it is needed. */
function syllableAt(text: string, units: Uint16Array, start: number, end: number, hash: number): Syllable | undefined {
  const length = end - start;
  if (length > MAX_REMEMBERED) {
    const long = analyse(text.slice(start, end));
    return long.isHyphenated ? undefined : long;
  }
  if (heads.length === 0 || syllables.length >= MAX_SYLLABLES) forgetSyllables();
  let slot = 2 * (hash & (SLOTS - 1));
  for (let number = heads[slot + 1]; number !== 0; number = heads[slot + 1]) {
    const place = places[number - 1];
    if (heads[slot] === hash && standsAt(units, start, length, place))
      return (place & HYPHENATED_BIT) === 0 ? syllables[number - 1] : undefined;
    slot = (slot + 2) & (2 * SLOTS - 1);
  }
  const syllable = analyse(text.slice(start, end));
  const mark = syllable.isHyphenated ? HYPHENATED_BIT : 0;
  places[syllables.length] = (writtenLength << (LENGTH_BITS + 1)) | mark | length;
  for (let i = start; i < end; i++) written[writtenLength++] = units[i];
  syllables.push(syllable);
  heads[slot] = hash;
  heads[slot + 1] = syllables.length;
  return mark === 0 ? syllable : undefined;
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
  if ((place & (HYPHENATED_BIT - 1)) !== length) return false;
  const from = place >>> (LENGTH_BITS + 1);
  for (let i = 0; i < length; i++) if (units[start + i] !== written[from + i]) return false;
  return true;
}

/** No language writes longer ones: of what is longer only the head is looked at. */
const LONGEST_READ = 10_000;

function analyse(whole: string): Syllable {
  const written = whole.length > LONGEST_READ ? whole.slice(0, LONGEST_READ) : whole;
  const parts = written.match(/[\p{L}\p{M}]+/gu) ?? [];
  const words = parts.map((part) => wordOf(part.toLowerCase()));
  const single = words.length === 1 ? words[0] : NO_WORD;
  const letters = parts.reduce((sum, part) => sum + part.length, 0);
  const every = words.reduce((bits, word) => bits & word.is, words.length > 0 ? ~0 : 0);
  const isVietnamese = (every & IS.vietnamese) !== 0;
  const isPlain = (every & IS.plain) !== 0;
  const isCapital = /^\P{L}*\p{Lu}/u.test(written);
  let is =
    (every & (IS.vietnamese | IS.plain)) |
    (isPlain ? words.at(-1)!.is & IS.closed : 0) |
    (words.reduce((bits, word) => bits | word.is, 0) & (isVietnamese ? IS.marked | IS.telling : IS.marked)) |
    (words.length > 0 && !isVietnamese && !isPlain && isCapital ? IS.foreignName : 0) |
    (isCapital ? IS.capital : 0) |
    (single.is & (IS.plainWord | IS.neighbour)) |
    (single.language << LANGUAGE_SHIFT);
  // What is letters from end to end has none of these.
  if (letters < written.length) {
    is |=
      (ADDRESS.test(written) ? IS.address : 0) |
      (/\p{N}/u.test(written) ? IS.figure : 0) |
      (/[.!?…]\P{L}*$/u.test(written) ? IS.stop : 0) |
      (isVietnamese && words.length > 1 && HYPHENATED.test(written) ? IS.hyphenated : 0);
  }
  const isOneWord = words.length === 1 && (is & IS.figure) === 0;
  if (isOneWord) is |= single.is & IS.typed;
  else if (!isVietnamese && isTyped(keysOf(written.toLowerCase()))) is |= IS.typed;
  const folded = isOneWord ? single.folded : detach(fold(written.toLowerCase()));
  const shown = letters < written.length ? withoutLeaders(written) : written;
  const length = shown === '' ? 0 : shown.length + whole.length - written.length;
  return new Syllable(folded === '' ? 0 : hash32(folded), letters, length, is, single.functionWord, folded);
}

const LEADERS = /([^\p{L}\p{M}\p{N}\s])\1{2,}/gu;

/** Dots, lines and stars that lead the eye or rule a form say nothing: what is left of the text. */
export const withoutLeaders = (text: string): string => text.replace(LEADERS, '');

/** Letters joined by hyphens, punctuation around them. */
const HYPHENATED = /^[^\p{L}\p{N}-]*\p{L}+(?:-\p{L}+)+[^\p{L}\p{N}-]*$/u;

const ADDRESS =
  /(?:https?:\/\/|\bwww\.)\S|^\W*[a-z\d.-]{2,40}\.(?:com|net|org|vn|info|biz|xyz|club|top|vip|win|bet)(?:\W|$)/i;

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
