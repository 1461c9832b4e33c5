/** Bytes repaired to well-formed NFC, as TextDecoder and `normalize` do it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nfc } from '../../cleaning/vietnamese/nfc.ts';
import { stableUntilPlainly, toWellFormed } from '../../tokenizer/text/well-formed.ts';
import { bytesOf, oddText, sampleTexts } from './support.ts';

const decode = (bytes: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
const isUtf8 = (bytes: Uint8Array): boolean => Buffer.from(decode(bytes)).equals(bytes);

test('text is repaired to the NFC of its WHATWG decoding', () => {
  const anyBytes = fc
    .array(fc.oneof(fc.uint8Array({ maxLength: 6 }), oddText(4).map(bytesOf)))
    .map((parts) => Buffer.concat(parts));
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      expect(decode(toWellFormed(bytes))).toBe(decode(bytes).normalize('NFC'));
    }),
    { numRuns: 2500 },
  );
});

test('NFD becomes NFC, lone surrogates become U+FFFD, a byte order mark stays', () => {
  expect(decode(toWellFormed('Tiếng Việt'.normalize('NFD')))).toBe('Tiếng Việt');
  expect(decode(toWellFormed('a\ud800b'))).toBe('a\ufffdb');
  expect(decode(toWellFormed('\ufeffa'))).toBe('\ufeffa');
});

test('long runs of marks in any order become what `normalize` makes of them', () => {
  const marks = Array.from({ length: 0x20000 }, (_, codePoint) => codePoint)
    .filter((codePoint) => codePoint < 0xd800 || codePoint >= 0xe000)
    .map((codePoint) => String.fromCodePoint(codePoint))
    .filter((character) => /\p{M}/u.test(character));
  const pile = (kinds: string[]) => fc.array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 150 });
  const run = fc.shuffledSubarray(marks, { minLength: 1, maxLength: 12 }).chain(pile);
  const around = fc.constantFrom('', 'a', 'é', ' ế', 'ᄀ', 'ᅡ', '\u0301');
  fc.assert(
    fc.property(around, run, around, pile(marks), (before, few, between, many) => {
      const text = [before, ...few, between, ...many].join('');
      expect(nfc(text)).toBe(text.normalize('NFC'));
    }),
    { numRuns: 500 },
  );
  expect(nfc(marks.join(''))).toBe(marks.join('').normalize('NFC'));
});

test('Vietnamese prose is handed on without a copy', () => {
  for (const text of sampleTexts()) {
    const bytes = bytesOf(text);
    expect(toWellFormed(bytes)).toBe(bytes);
  }
});

const isWellFormed = (bytes: Uint8Array): boolean => stableUntilPlainly(bytes, 0) === bytes.length;

test('all sequences of two bytes, and all leads with extreme continuations, are judged as UTF-8 is', () => {
  const edges = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff];
  const wrong: string[] = [];
  const judge = (...bytes: number[]): void => {
    const sequence = Uint8Array.from(bytes);
    const text = decode(sequence);
    const mayBeWellFormed = isUtf8(sequence) && text.normalize('NFC') === text;
    if (isWellFormed(sequence) && !mayBeWellFormed) wrong.push(`${sequence} taken`);
    if (!isWellFormed(sequence) && mayBeWellFormed && !/[\p{M}\u1160-\u11ff]/u.test(text))
      wrong.push(`${sequence} refused`);
  };
  for (let a = 0; a < 256; a++) for (let b = 0; b < 256; b++) judge(a, b);
  for (let a = 0xe0; a < 256; a++) {
    for (const b of edges) for (const c of edges) for (const d of edges) judge(a, b, c, d);
  }
  expect(wrong).toEqual([]);
});

test('what counts as stable never changes behind or before another character', () => {
  const neighbours = ['a', 'ơ', '\u0301', '\u0323', '\u1100', '가', '\u09c7', '\u{16d67}', '\u0334'];
  const wrong: string[] = [];
  for (let codePoint = 0x80; codePoint < 0x20000; codePoint++) {
    if (codePoint >= 0xd800 && codePoint < 0xe000) continue;
    const character = String.fromCodePoint(codePoint);
    if (!isWellFormed(bytesOf(character))) continue;
    for (const before of neighbours) {
      const text = `${before.normalize('NFC')}${character}`;
      if (text.normalize('NFC') !== text) wrong.push(codePoint.toString(16));
    }
  }
  expect(wrong).toEqual([]);
});
