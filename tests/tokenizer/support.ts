/** What the tests of this room share: Vietnamese prose of the sample web, odd text, and a small trained tokenizer. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { tokenizerJson } from '../../tokenizer/encode/export.ts';
import { Tokenizer } from '../../tokenizer/load.ts';
import type { BpeModel } from '../../tokenizer/model.ts';
import { PaddedText } from '../../tokenizer/text/padded-text.ts';
import { Pretokenizer } from '../../tokenizer/text/pretokenize.ts';
import { type SplitRule, splitPatterns } from '../../tokenizer/text/split.ts';
import { type TrainOptions, trainBpe } from '../../tokenizer/train/train.ts';

const PAGES = fileURLToPath(new URL('../../crawlers/sample/pages', import.meta.url));

/** The pages of the sample web as text: about 300 kB. */
export const sampleTexts = (): string[] =>
  readdirSync(PAGES, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => readFileSync(join(PAGES, name), 'utf8').normalize('NFC'));

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

export function train(texts: readonly string[], options: TrainOptions): Promise<BpeModel> {
  async function* stream(): AsyncGenerator<Uint8Array> {
    for (const text of texts) yield bytesOf(text);
  }
  return trainBpe(stream, options);
}

export const tokenizerOf = (model: BpeModel): Tokenizer =>
  Tokenizer.parse(bytesOf(tokenizerJson(model)), 'tokenizer.json');

/** A pattern as JavaScript's regular expressions must have it to mean what Oniguruma means. */
function regExpOf(pattern: string): RegExp {
  const source = pattern
    .replaceAll('\\s', '\\p{White_Space}')
    .replaceAll('\\S', '\\P{White_Space}')
    .replace("(?i:'s|'t|'re|'ve|'m|'ll|'d)", "'(?:[sSdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])");
  return new RegExp(source, 'gu');
}

/** Pretokens by the patterns of a rule, as `Split` with `Isolated` makes them, one pattern after the other. */
export function splitByPatterns(text: string, rule: SplitRule): string[] {
  const pieces = splitPatterns(rule).reduce(
    (parts, pattern) =>
      parts.flatMap((part) => {
        const cuts = [...part.matchAll(regExpOf(pattern))].flatMap(({ 0: found, index }) => [
          index,
          index + found.length,
        ]);
        return [0, ...cuts].map((cut, i, all) => part.slice(cut, all[i + 1] ?? part.length));
      }),
    [text],
  );
  return pieces.filter((piece) => piece !== '');
}

const padded = new PaddedText(1 << 20);

/** What the scanner finds. */
export function piecesOf(text: string, rule: SplitRule, pretokenizer = new Pretokenizer(rule)): string[] {
  const bytes = bytesOf(text);
  padded.set(bytes);
  const pieces: string[] = [];
  for (let start = 0, end = 0; start < bytes.length; start = end) {
    end = pretokenizer.next(padded, start);
    pieces.push(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(start, end)));
  }
  return pieces;
}

/** Pieces on which tokenizers differ: kinds of space and line end, digits, marks, other scripts, invisible characters. */
const ODD = [
  ...' \t\r\n\v\f\0\x7f\u0085\u00a0\u1680\u2003\u2028\u2029\u3000\u200b\u200d\ufeff\ufffd',
  ...'aZ09.,!?"\'-_/(){}<|>=#@',
  ...'đĐàảãạăằắặâấệơợưữÀỆỮ×÷ªµßſ',
  ...'\u0300\u0301\u0302\u0303\u0306\u0309\u031b\u0323\u0334\u0345\u0653',
  ...'Ω漢가ᄀ가각ไทยहिंदी٣५²½Ⅷ😀',
  ...[
    '\r\n',
    '  ',
    '   ',
    '👩‍👩‍👧',
    'ngã',
    'Việt',
    'nước',
    '123456',
    '\u{16d63}\u{16d67}',
    '<|bo',
    '\u{10ffff}',
    '\ue000',
  ],
];

/** Text of odd pieces and characters from all of Unicode, without lone surrogates. */
export const oddText = (maxLength = 40): fc.Arbitrary<string> =>
  fc
    .array(
      fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom(...ODD) },
        { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
      ),
      {
        maxLength,
      },
    )
    .map((pieces) => pieces.join(''));
