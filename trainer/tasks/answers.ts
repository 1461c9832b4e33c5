/**
 * When two short answers are the same: exact match and F1 over words, as SQuAD has them, with what Vietnamese asks for: one
 * Unicode form, tone marks wherever they are put (hoà, hòa), i for y (kỹ, kĩ), numbers by what they are worth (1.000, 1000,
 * một nghìn; 3,5 triệu, 3500000; 12 %, 12%).
 */
import { nfc } from '../../cleaning/vietnamese/nfc.ts';

const TONE = /[\u0300\u0301\u0303\u0309\u0323]/g;
const PIECES = /\p{N}+(?:[.,]\p{N}+)*|[\p{L}\p{M}]+|%/gu;

/** Words of an answer, each as one spelling; numbers as decimals. */
export function answerWords(text: string): string[] {
  const pieces = nfc(text).toLowerCase().match(PIECES) ?? [];
  return joinNumbers(pieces.map((piece) => (/^\p{N}/u.test(piece) ? numeral(piece) : spelled(piece))));
}

/** A syllable with its tone behind it: `hoà` and `hòa` are one. */
function spelled(word: string): string {
  const parts = word.normalize('NFD');
  const tone = parts.match(TONE)?.join('') ?? '';
  const bare = parts.replace(TONE, '').normalize('NFC');
  return `${bare.replace(/^([bcdđghklmnpqrstvx]{1,3})y$/, '$1i')}${tone}`;
}

/** `1.000.000`, `1,000,000`, `3,5`, `3.5`. Three digits behind every mark make thousands, unless the number begins with 0. */
function numeral(text: string): string {
  const isGrouped = /^[1-9]\d{0,2}(?:([.,])\d{3})(?:\1\d{3})*$/.test(text);
  if (isGrouped) return decimal(Number(text.replace(/[.,]/g, '')));
  const both = /^(\d{1,3}(?:\.\d{3})+),(\d+)$|^(\d{1,3}(?:,\d{3})+)\.(\d+)$/.exec(text);
  if (both) return decimal(Number(`${(both[1] ?? both[3]).replace(/[.,]/g, '')}.${both[2] ?? both[4]}`));
  const value = Number(text.replace(',', '.'));
  return Number.isFinite(value) ? decimal(value) : text; // 192.168.0.1
}

const decimal = (value: number): string => String(Number(value.toPrecision(12)));

const keyed = (words: string, values: readonly number[]): [string, number][] =>
  words.split(' ').map((word, i) => [spelled(word), values[i]]);
const DIGITS = new Map(
  keyed('không một mốt hai ba bốn tư năm lăm nhăm sáu bảy tám chín', [0, 1, 1, 2, 3, 4, 4, 5, 5, 5, 6, 7, 8, 9]),
);
const TEN = new Map(keyed('mười mươi', [10, 10]));
const SCALES = new Map(keyed('trăm nghìn ngàn vạn triệu tỷ tỉ', [1e2, 1e3, 1e3, 1e4, 1e6, 1e9, 1e9]));
const ODD = new Set(['linh', 'lẻ'].map(spelled));
/** `năm` is a year before a figure, `không` a no: alone they are words. */
const ALONE = new Set(['năm', 'không', 'tư'].map(spelled));

/** Runs of number words, and figures with a scale behind them, as one decimal. */
function joinNumbers(words: readonly string[]): string[] {
  const joined: string[] = [];
  for (let at = 0; at < words.length; ) {
    const { value, length } = numberAt(words, at);
    const isWord =
      length === 1 && (ALONE.has(words[at]) || !(DIGITS.has(words[at]) || TEN.has(words[at]) || /^\d/.test(words[at])));
    if (length === 0 || isWord) joined.push(words[at++]);
    else {
      joined.push(/^\d/.test(words[at]) && length === 1 ? words[at] : decimal(value));
      at += length;
    }
  }
  return joined;
}

/** The number that begins there, in how many words: 0 where none does. */
function numberAt(words: readonly string[], at: number): { value: number; length: number } {
  let [total, section, digit] = [0, 0, undefined as number | undefined];
  let length = 0;
  for (let i = at; i < words.length; i++) {
    const word = words[i];
    const own = /^\d/.test(word) && i === at ? Number(word) : DIGITS.get(word);
    if (own !== undefined) {
      const isPlace = digit !== undefined && !(section > 0 && digit * 10 === section);
      if (isPlace && section === 0) break; // hai ba: two numbers
      section += digit ?? 0;
      digit = own;
    } else if (TEN.has(word)) {
      section += (digit ?? 1) * 10;
      digit = undefined;
    } else if (SCALES.has(word)) {
      const scale = SCALES.get(word)!;
      if (i === at) break;
      if (scale === 100) section += (digit ?? 1) * 100;
      else total += (section + (digit ?? 0) || 1) * scale;
      if (scale > 100) section = 0;
      digit = undefined;
    } else if (ODD.has(word) && length > 0) {
      // hai trăm linh năm
    } else break;
    length = i - at + 1;
  }
  while (length > 0 && ODD.has(words[at + length - 1])) length--;
  return { value: total + section + (digit ?? 0), length };
}

export interface Match {
  readonly exact: number;
  readonly f1: number;
}

/** A figure that the right answer has and the other lacks makes them two, however many words they share (as in DROP). */
export function matchOf(answer: string, gold: string): Match {
  const [found, expected] = [answerWords(answer), answerWords(gold)];
  if (found.join(' ') === expected.join(' ')) return { exact: 1, f1: 1 };
  if (found.length === 0 || expected.length === 0) return { exact: 0, f1: 0 };
  const figures = expected.filter((word) => /^\d/.test(word));
  if (figures.some((figure) => !found.includes(figure))) return { exact: 0, f1: 0 };
  const left = new Map<string, number>();
  for (const word of expected) left.set(word, (left.get(word) ?? 0) + 1);
  let common = 0;
  for (const word of found) {
    const count = left.get(word) ?? 0;
    if (count > 0) common++;
    left.set(word, count - 1);
  }
  if (common === 0) return { exact: 0, f1: 0 };
  const [precision, recall] = [common / found.length, common / expected.length];
  return { exact: 0, f1: (2 * precision * recall) / (precision + recall) };
}

const NOTHING = /^(?:tôi )?(?:không biết|không rõ|không có thông tin|không có câu trả lời|không trả lời được)/;

/** The best of several right answers; of none, that the question has no answer here. */
export function bestMatch(answer: string, golds: readonly string[]): Match {
  if (golds.length === 0) {
    const isNone = answer.trim() === '' || NOTHING.test(nfc(answer).toLowerCase().trim());
    return { exact: Number(isNone), f1: Number(isNone) };
  }
  const all = golds.map((gold) => matchOf(answer, gold));
  return { exact: Math.max(...all.map(({ exact }) => exact)), f1: Math.max(...all.map(({ f1 }) => f1)) };
}
