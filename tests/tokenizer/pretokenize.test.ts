/** The split into pretokens is that of the regular expression, on any text. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Pretokenizer } from '../../tokenizer/text/pretokenize.ts';
import { SPLIT_RULES, splitNamed } from '../../tokenizer/text/split.ts';
import { CLASS_MASK, LETTER, NEWLINE, NUMBER, OTHER, SPACE, unicodeFacts } from '../../tokenizer/text/unicode.ts';
import { oddText, piecesOf, sampleTexts, splitByPatterns } from './support.ts';

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
  expect(piecesOf(text, splitNamed('vua'))).toEqual(pieces);
});

test.each([
  ['llama3', "(Hà Nội): giá 12345đ, it's", ['(Hà', ' Nội', '):', ' giá', ' ', '123', '45', 'đ', ',', ' it', "'s"]],
  ['llama3', "a.b ..c \tđ 'LL''VEx", ['a', '.b', ' ..', 'c', ' ', '\tđ', " '", 'LL', "''", 'VEx']],
  ['llama3', "'Tôi 'sao a'REN", ["'T", 'ôi', " '", 'sao', ' a', "'RE", 'N']],
  ['qwen2', 'ba\u0301 12\n\nx', ['ba', '\u0301', ' ', '1', '2', '\n\n', 'x']],
  ['qwen3.5', 'ba\u0301 12.\n', ['ba\u0301', ' ', '1', '2', '.\n']],
  ['gpt2', "giá 12345.\n\nIt's 'S  a", ['giá', ' 12345', '.', '\n', '\n', 'It', "'s", " '", 'S', ' ', ' a']],
  // finer pieces, of which the pretokens consist
  ['superbpe', 'năm 1234567,  x.\n\n\ty', ['năm', ' ', '1', '234', '567', ',', ' ', ' x', '.\n\n', '\t', 'y']],
  ['superbpe', '1234²123456', ['1', '234²', '123', '456']],
] as const)('splits by %s %j', (name, text, pieces) => {
  expect(piecesOf(text, splitNamed(name))).toEqual(pieces);
});

/** The pieces of whole runs are finer than the pretokens: what stands between two numbers is one. */
function wholeRunsOf(pieces: readonly string[]): string[] {
  const runs: string[] = [];
  let isOpen = false;
  for (const piece of pieces) {
    const isNumber = /^\p{N}/u.test(piece);
    if (isOpen && !isNumber) runs[runs.length - 1] += piece;
    else runs.push(piece);
    isOpen = !isNumber;
  }
  return runs;
}

const RULES = SPLIT_RULES.filter(({ name, acrossSpaces }) => name !== 'vua' || !acrossSpaces);

test.each(RULES.map((rule) => [`${rule.name} ${rule.digits}`, rule] as const))(
  'splits by %s as the regular expressions do, on any text',
  (_, rule) => {
    const pretokenizer = new Pretokenizer(rule);
    const found = (text: string): string[] => {
      const pieces = piecesOf(text, rule, pretokenizer);
      return rule.wholeRuns ? wholeRunsOf(pieces) : pieces;
    };
    fc.assert(
      fc.property(oddText(), (text) => {
        expect(found(text)).toEqual(splitByPatterns(text, rule));
      }),
      { numRuns: 300 },
    );
    for (const text of sampleTexts().slice(0, 10)) expect(found(text)).toEqual(splitByPatterns(text, rule));
  },
);

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
