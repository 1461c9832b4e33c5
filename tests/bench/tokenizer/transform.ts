/**
 * What a lossless transform before BPE promises: tone, hat and case taken out of a syllable and written behind it.
 *
 *   Người → ngươi + tone + capital      (tone, case)        nguoi + hats + tone + capital      (tone, hat, case)
 *
 * A syllable that would not come back as it was stays as it is, so that the text can always be had back. Learned from nine tenths of the
 * documents, measured on the last: bytes of the text as it was for each token, and bits for each of these bytes, by n-grams
 * of bytes (0 to 5 before) and of tokens (0 to 2 before), Witten–Bell. No model is trained: what an n-gram of few tokens cannot
 * gain a larger one may, so a promise is a reason to train, and none is a reason not to.
 */
import type * as Encode from '../../../tokenizer/encode/encode.ts';
import { built, corpus, print } from './support.ts';
import { trainOurs } from './training.ts';

const VOCAB = 8192;
/** Bytes that n-grams of tokens, and of bytes, are learned from. */
const LEARNED = { tokens: 4e6, bytes: 1.2e6 };
const TOLD = { tokens: 6e5, bytes: 2e5 };

const TONES = '\u0300\u0301\u0303\u0309\u0323';
const HATS = '\u0302\u0306\u031b\u0335';
/** Letters that no text here holds: of five tones, of four hats by the vowel that has one, of two kinds of case. */
const SIGNS = { tone: 'ɑɒɓɔɕ', hat: 'ɖɗɘəɚɛɜɝɞɟɠɡ', capital: 'ɢ', capitals: 'ɣ' } as const;

interface Parts {
  readonly tone?: boolean;
  readonly hat?: boolean;
  readonly case?: boolean;
}

const plainD = (text: string): string => text.replaceAll('đ', 'd\u0335');
const withD = (text: string): string => text.replaceAll('d\u0335', 'đ');

/** Where the tone of a syllable without one stands: on the letter with a hat, else by the length of its vowels. */
function toneAt(letters: readonly string[]): number {
  const isVowel = (i: number): boolean => /^[aeiouy]/.test(letters[i] ?? '');
  const hatted = letters.findLastIndex((letter) => /^[aeiou].*[\u0302\u0306\u031b]/u.test(letter));
  if (hatted >= 0) return hatted;
  let first = letters.findIndex((_, i) => isVowel(i));
  const begins = letters.join('').slice(0, 2);
  if ((begins === 'qu' || begins === 'gi') && isVowel(first + 1)) first = begins === 'qu' ? 2 : first + 1;
  let last = first;
  while (isVowel(last + 1)) last++;
  const count = last - first + 1;
  if (first < 0) return -1;
  return count === 1 ? first : count === 2 && last === letters.length - 1 ? first : first + 1;
}

function apart(syllable: string, parts: Parts): string | undefined {
  let text = syllable;
  let behind = '';
  const lower = syllable.toLowerCase();
  if (parts.case && lower !== text) {
    const first = lower[0].toUpperCase() + lower.slice(1);
    if (text === first) behind = SIGNS.capital;
    else if (text === lower.toUpperCase()) behind = SIGNS.capitals;
    else return undefined;
    text = lower;
  }
  if (parts.tone) {
    const marks = text.normalize('NFD');
    const found = [...marks].filter((mark) => TONES.includes(mark));
    if (found.length > 1) return undefined;
    if (found.length === 1) {
      behind = SIGNS.tone[TONES.indexOf(found[0])] + behind;
      text = marks.replace(found[0], '').normalize('NFC');
    }
  }
  if (parts.hat) {
    const marks = plainD(text).normalize('NFD');
    const letters = marks.match(/[a-z][\u0300-\u0335]*/gu) ?? [];
    if (letters.join('') !== marks) return undefined;
    const hats = letters.map((letter, i) => ({ i, mark: letter.slice(1) })).filter(({ mark }) => mark !== '');
    if (hats.some(({ mark }) => mark.length > 1 || !HATS.includes(mark))) return undefined;
    // A hat, and how many bare letters that may bear one it leaves out: the pair of ươ has one sign.
    const signs = hats.map(({ i, mark }) => SIGNS.hat[HATS.indexOf(mark) + 4 * Math.min(2, barsBefore(letters, i))]);
    behind = signs.join('') + behind;
    text = letters.map((letter) => letter[0]).join('');
  }
  return text + behind;
}

/** Letters before one that may have a hat and have none. */
const barsBefore = (letters: readonly string[], at: number): number =>
  letters.slice(0, at).filter((letter) => /^[aeou]$/.test(letter)).length;

function together(text: string, parts: Parts): string | undefined {
  const match = /^([^ɑ-ɣ]*)([ɖ-ɡ]*)([ɑ-ɕ]?)([ɢɣ]?)$/u.exec(text);
  if (match === null) return undefined;
  const [, base, hats, tone, capital] = match;
  let syllable = base;
  if (parts.hat) {
    const letters = [...base];
    const signs = [...hats].map((sign) => SIGNS.hat.indexOf(sign));
    for (const sign of signs) {
      const [mark, skipped] = [HATS[sign % 4], Math.floor(sign / 4)];
      const at = letters.findIndex(
        (letter, i) =>
          letter.length === 1 &&
          { '\u0302': 'aeo', '\u0306': 'a', '\u031b': 'ou', '\u0335': 'd' }[mark]!.includes(letter) &&
          Math.min(2, barsBefore(letters, i)) === skipped,
      );
      if (at < 0) return undefined;
      letters[at] += mark;
    }
    syllable = withD(letters.join('')).normalize('NFC');
  }
  if (tone !== '') {
    const letters = [...syllable].map((letter) => letter.normalize('NFD'));
    const at = toneAt(letters);
    if (at < 0) return undefined;
    letters[at] += TONES[SIGNS.tone.indexOf(tone)];
    syllable = letters.join('').normalize('NFC');
  }
  if (capital === SIGNS.capital) return syllable[0].toUpperCase() + syllable.slice(1);
  return capital === SIGNS.capitals ? syllable.toUpperCase() : syllable;
}

/** @returns the text that BPE sees, and how many of its syllables with anything to take out stayed as they were. */
function transformed(text: string, parts: Parts, kept: Map<string, string>): string {
  return text.replace(/\p{L}+/gu, (syllable) => {
    let made = kept.get(syllable);
    if (made === undefined) {
      const other = /[ɑ-ɣ]/u.test(syllable) ? undefined : apart(syllable, parts);
      made = other !== undefined && together(other, parts) === syllable ? other : syllable;
      kept.set(syllable, made);
    }
    return made;
  });
}

/** Adaptive n-grams: bits of the symbols behind `learned`, each told before it is learned. */
function bitsOf(symbols: ArrayLike<number>, learned: number, size: number, order: number): number {
  const children = new Map<number, number>();
  const [counts, total, kinds] = [[0], [0], [0]];
  const childOf = (node: number, symbol: number, add: boolean): number => {
    const key = node * size + symbol;
    let child = children.get(key);
    if (child === undefined && add) {
      child = counts.push(0) - 1;
      total.push(0);
      kinds.push(0);
      children.set(key, child);
    }
    return child ?? -1;
  };
  let bits = 0;
  for (let at = 0; at < symbols.length; at++) {
    let share = 1 / size;
    for (let length = 0; length <= order && length <= at; length++) {
      let node = 0;
      for (let i = 1; i <= length && node >= 0; i++) node = childOf(node, symbols[at - i], true);
      const child = childOf(node, symbols[at], true);
      if (at >= learned && total[node] > 0) share = (counts[child] + kinds[node] * share) / (total[node] + kinds[node]);
      if (counts[child]++ === 0) kinds[node]++;
      total[node]++;
    }
    if (at >= learned) bits -= Math.log2(share);
  }
  return bits;
}

/** Symbols of all texts up to so many bytes of what they were, and how many bytes that is. */
function take<Symbols extends ArrayLike<number>>(
  texts: readonly string[],
  most: number,
  of: (text: string) => Symbols,
) {
  const all: number[] = [];
  let bytes = 0;
  for (const text of texts) {
    if (bytes >= most) break;
    bytes += Buffer.byteLength(text);
    const symbols = of(text);
    for (let i = 0; i < symbols.length; i++) all.push(symbols[i]);
  }
  return { all, bytes };
}

export async function transform(): Promise<void> {
  const { Encoder } = await built<typeof Encode>('tokenizer/encode/encode');
  const texts = corpus().map((text) => text.toString());
  const [learned, told] = [texts.filter((_, i) => i % 10 !== 0), texts.filter((_, i) => i % 10 === 0)];
  const rows: string[][] = [];
  let first: number[] | undefined;
  for (const parts of [
    {},
    { case: true },
    { tone: true },
    { tone: true, case: true },
    { tone: true, hat: true, case: true },
  ] as Parts[]) {
    const kept = new Map<string, string>();
    const of = (text: string): string => transformed(text, parts, kept);
    const { model } = await trainOurs(
      learned.map((text) => Buffer.from(of(text))),
      { vocabSize: VOCAB },
    );
    const encoder = new Encoder(model);
    const tokensOf = (text: string) => encoder.encode(of(text));
    const [a, b] = [take(learned, LEARNED.tokens, tokensOf), take(told, TOLD.tokens, tokensOf)];
    const tokenBits = bitsOf([...a.all, ...b.all], a.all.length, VOCAB, 2) / b.bytes;
    // one byte for each sign
    const bytesOf = (text: string) =>
      Buffer.from(of(text).replace(/[ɑ-ɣ]/gu, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0x250)));
    const [c, d] = [take(learned, LEARNED.bytes, bytesOf), take(told, TOLD.bytes, bytesOf)];
    const byteBits = bitsOf([...c.all, ...d.all], c.all.length, 256, 5) / d.bytes;
    const figures = [b.bytes / b.all.length, tokenBits, byteBits];
    first ??= figures;
    const stayed = [...kept].filter(([from, to]) => from === to && /\P{ASCII}|[A-Z]/u.test(from)).length;
    rows.push([
      Object.keys(parts).join(', ') || 'none',
      ...figures.flatMap((figure, i) => [figure.toFixed(4), `${(100 * (figure / first![i] - 1)).toFixed(1)} %`]),
      `${stayed} of ${kept.size}`,
    ]);
    console.log(rows.at(-1)!.join('  '));
  }
  print('A transform before BPE, 8k', [
    [
      'taken out',
      'bytes/token',
      '',
      'bits/byte, token trigrams',
      '',
      'bits/byte, byte 6-grams',
      '',
      'kinds of syllables left as they are',
    ],
    ...rows,
  ]);
}
