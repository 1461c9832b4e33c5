/**
 * What is known of each distinct token (what spaces separate), worked out once and remembered. Text repeats its tokens,
 * so language, measurements and dedup all read a document as an array of these shared objects.
 */
import { detach } from './detach.ts';
import { isPlainSyllable, parseSyllable, removeDiacritics, splitTone } from './syllables.ts';

export interface Token {
  readonly written: string;
  /** Characters. */
  readonly length: number;
  /** Letters and digits only, lower case, tone mark as a digit at the end, final i for y: `Thuý,` → `thui1`. */
  readonly folded: string;
  /** 32-bit hash of `folded`; 0 when nothing but punctuation is left. */
  readonly hash: number;
  readonly letters: number;
  /** Its letters form Vietnamese syllables, diacritics as written. */
  readonly isVietnamese: boolean;
  /** ASCII letters that form Vietnamese syllables without their diacritics. */
  readonly isPlain: boolean;
  /** `isPlain`, with a final consonant: what Polynesian languages, else similar on paper, do not have. */
  readonly isClosed: boolean;
  /** Carries a Vietnamese diacritic. */
  readonly isMarked: boolean;
  /** A Vietnamese syllable with a letter that hardly another language writes: a hat, horn or breve with a tone, đ, ơ, ư. */
  readonly isTelling: boolean;
  /** A frequent English word that cannot be a Vietnamese syllable. */
  readonly isEnglish: boolean;
  /** Starts with a capital and is no Vietnamese syllable: a foreign name, most likely. */
  readonly isForeignName: boolean;
  /** Holds a web address (a link in Markdown does), or is a bare domain name. */
  readonly isAddress: boolean;
  /** Place in FUNCTION_WORDS, of the word as written or without its diacritics; -1 when it is none. */
  readonly functionWord: number;
}

/** Frequent words of any Vietnamese text; each names itself when written with its diacritics. */
export const FUNCTION_WORDS = (
  'và của là được không những một người để với các đã này từ cũng như khi đến về tại trên ở bị nhiều việc lại sự vào ' +
  'năm có trong loài cho ra thì mà nếu vì sẽ đó phải còn rất theo do bằng ngày'
).split(' ');

/** The stop words of FineWeb-2's vie_Latn configuration. */
export const FINEWEB_STOPWORDS: ReadonlySet<string> = new Set(
  'là và của một được trong năm các có loài này đã người'.split(' '),
);

const byWord = new Map(FUNCTION_WORDS.map((word, i) => [word, i]));
/** Later words do not take the plain spelling of earlier ones. */
const byPlainWord = new Map([...FUNCTION_WORDS.entries()].reverse().map(([i, word]) => [removeDiacritics(word), i]));

/**
 * Tokens met before, by the FNV-1a hash of their characters: open addressing, so that a text is read without cutting a
 * string for each of its tokens. Emptied when three quarters full.
 */
const SLOTS = 1 << 18;
const MAX_TOKENS = SLOTS * 0.75;
/** Longer tokens (addresses, base64) seldom come twice. */
const MAX_REMEMBERED = 40;
let slots: (Token | undefined)[] = [];
let remembered = 0;

/** Reads NFC text as its tokens. */
export function readTokens(text: string): Token[] {
  const read: Token[] = [];
  readInto(read, text, 0, text.length);
  return read;
}

export interface Paragraph {
  /** Range in the text. */
  readonly start: number;
  readonly end: number;
  /** Its tokens: up to this one, from where the paragraph before ends. */
  readonly endToken: number;
}

/** Reads text as its tokens, and where its paragraphs end. */
export function readParagraphs(text: string): { readonly tokens: Token[]; readonly paragraphs: Paragraph[] } {
  const tokens: Token[] = [];
  const paragraphs: Paragraph[] = [];
  for (let start = 0; start < text.length; ) {
    const blank = text.indexOf('\n\n', start);
    const end = blank < 0 ? text.length : blank;
    readInto(tokens, text, start, end);
    paragraphs.push({ start, end, endToken: tokens.length });
    start = end + 2;
  }
  return { tokens, paragraphs };
}

function readInto(read: Token[], text: string, from: number, end: number): void {
  for (let at = from; at < end; ) {
    while (at < end && text.charCodeAt(at) <= 0x20) at++;
    const start = at;
    let hash = FNV_OFFSET;
    for (let code = text.charCodeAt(at); at < end && code > 0x20; code = text.charCodeAt(++at)) {
      hash = Math.imul(hash ^ code, FNV_PRIME);
    }
    if (at > start) read.push(tokenAt(text, start, at, hash));
  }
}

function tokenAt(text: string, start: number, end: number, hash: number): Token {
  const length = end - start;
  if (length > MAX_REMEMBERED) return analyse(text.slice(start, end));
  if (slots.length === 0 || remembered >= MAX_TOKENS) {
    slots = new Array<Token | undefined>(SLOTS).fill(undefined);
    remembered = 0;
  }
  let slot = mix32(hash) & (SLOTS - 1);
  for (let token = slots[slot]; token !== undefined; token = slots[slot]) {
    if (token.length === length && standsAt(text, start, token.written)) return token;
    slot = (slot + 1) & (SLOTS - 1);
  }
  const token = analyse(detach(text.slice(start, end)));
  slots[slot] = token;
  remembered++;
  return token;
}

/** `text.startsWith(written, start)`, which costs more than this on strings so short. */
function standsAt(text: string, start: number, written: string): boolean {
  for (let i = 0; i < written.length; i++) if (text.charCodeAt(start + i) !== written.charCodeAt(i)) return false;
  return true;
}

function analyse(written: string): Token {
  const parts = written.match(/[\p{L}\p{M}]+/gu) ?? [];
  const lower = parts.map((part) => part.toLowerCase());
  const isWord = lower.length > 0;
  const isVietnamese = isWord && lower.every((part) => parseSyllable(part) !== undefined);
  const isPlain = isWord && lower.every((part) => /^[a-z]+$/.test(part) && isPlainSyllable(part));
  const isMarked = lower.some((part) => part !== removeDiacritics(part));
  const single = lower.length === 1 ? lower[0]! : '';
  const folded = fold(written);
  return {
    written,
    length: written.length,
    folded,
    hash: folded === '' ? 0 : hash32(folded),
    letters: parts.reduce((sum, part) => sum + part.length, 0),
    isVietnamese,
    isPlain,
    isClosed: isPlain && /[chgmnpt]$/.test(lower.at(-1)!),
    isMarked,
    isTelling: isVietnamese && TELLING_LETTER.test(lower.join('')),
    isEnglish: ENGLISH.has(single),
    isForeignName: isWord && !isVietnamese && !isPlain && /^\P{L}*\p{Lu}/u.test(written),
    isAddress: ADDRESS.test(written),
    functionWord: byWord.get(single) ?? byPlainWord.get(single) ?? -1,
  };
}

/** Igbo and Yoruba share the letters with a dot below, Czech and Icelandic those with an accent. */
const TELLING_LETTER = /[ăđơưảấầẩẫậắằẳẵặẻẽếềểễệỉỏốồổỗộớờởỡợủứừửữựỳỵỷỹ]/;
const ENGLISH = new Set(
  (
    'of and is for with as are this by from or have has was were which you will its when about after all been they their ' +
    'there these would could what who how over into more other some such only also most first our your we she his her said'
  ).split(' '),
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
