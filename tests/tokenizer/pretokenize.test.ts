/** The split into pretokens is that of the regular expression, on any text. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PaddedText } from '../../tokenizer/text/padded-text.ts';
import { Pretokenizer } from '../../tokenizer/text/pretokenize.ts';
import { CLASS_MASK, LETTER, NEWLINE, NUMBER, OTHER, SPACE, unicodeFacts } from '../../tokenizer/text/unicode.ts';
import { bytesOf, oddText, SPLIT_RULE, sampleTexts } from './support.ts';

const pretokenizer = new Pretokenizer();
const padded = new PaddedText(1 << 20);

function split(text: string): string[] {
  const bytes = bytesOf(text);
  padded.set(bytes);
  const pieces: string[] = [];
  for (let start = 0, end = 0; start < bytes.length; start = end) {
    end = pretokenizer.next(padded, start);
    pieces.push(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(start, end)));
  }
  return pieces;
}
const splitByRule = (text: string): string[] => text.match(SPLIT_RULE) ?? [];

test.each([
  ['Việt Nam có 63 tỉnh', ['Việt', ' Nam', ' có', ' 63', ' tỉnh']],
  ['năm 20261234.', ['năm', ' 202', '612', '34', '.']],
  ['hai  dấu   cách', ['hai', ' ', ' dấu', '  ', ' cách']],
  ['xong.\r\n\r\nHết', ['xong', '.\r\n\r\n', 'Hết']],
  ['a \n b', ['a', ' \n', ' b']],
  ['tiê\u0301ng \u0301lạ', ['tiê\u0301ng', ' \u0301lạ']],
  ['4 × 3 ÷ 2', ['4', ' ×', ' 3', ' ÷', ' 2']],
  ['\ufeffđầu', ['\ufeff', 'đầu']],
  ['cuối \t', ['cuối', ' \t']],
  ['\t\tmã', ['\t', '\t', 'mã']],
  ['a\u0085b\u3000\u3000c', ['a', '\u0085', 'b', '\u3000', '\u3000', 'c']],
  ['\0\0 \0', ['\0\0', ' \0']],
])('splits %j', (text, pieces) => {
  expect(split(text)).toEqual(pieces);
});

test('splits as the regular expression does, on any text', () => {
  fc.assert(
    fc.property(oddText(), (text) => {
      expect(split(text)).toEqual(splitByRule(text));
    }),
    { numRuns: 2500 },
  );
});

test('splits Vietnamese prose as the regular expression does', () => {
  for (const text of sampleTexts()) expect(split(text)).toEqual(splitByRule(text));
});

test('the class of every character is that of \\p{…}', () => {
  const { blockOf, facts } = unicodeFacts();
  const classes: [number, RegExp][] = [
    [LETTER, /[\p{L}\p{M}]/u],
    [NUMBER, /\p{N}/u],
    [NEWLINE, /[\r\n]/u],
    [SPACE, /\p{White_Space}/u],
    [OTHER, /./su],
  ];
  const wrong: number[] = [];
  for (let codePoint = 0; codePoint < 0x110000; codePoint++) {
    if (codePoint >= 0xd800 && codePoint < 0xe000) continue;
    const character = String.fromCodePoint(codePoint);
    const [expected] = classes.find(([, pattern]) => pattern.test(character))!;
    const found = facts[(blockOf[codePoint >> 6] << 6) | (codePoint & 63)] & CLASS_MASK;
    if (found !== expected) wrong.push(codePoint);
  }
  expect(wrong).toEqual([]);
});
