/** Encoding and decoding give the ids of @huggingface/tokenizers, also for runs without a space. */
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { tokenizerConfigJson, tokenizerJson } from '../../tokenizer/encode/export.ts';
import { WordMerger } from '../../tokenizer/encode/merge-word.ts';
import type { Tokenizer } from '../../tokenizer/load.ts';
import { type BpeModel, SPECIAL_TOKENS } from '../../tokenizer/model.ts';
import { PairTable } from '../../tokenizer/text/pair-table.ts';
import { DEFAULT_SPLIT } from '../../tokenizer/text/split.ts';
import { expectLinear } from '../growth.ts';
import { bytesOf, oddText, sampleTexts, tokenizerOf, train } from './support.ts';

let model: BpeModel;
let tokenizer: Tokenizer;
let peer: HuggingFaceTokenizer;

beforeAll(async () => {
  model = await train(sampleTexts(), { vocabSize: 3000 });
  tokenizer = tokenizerOf(model);
  peer = new HuggingFaceTokenizer(JSON.parse(tokenizerJson(model)), JSON.parse(tokenizerConfigJson()));
});

describe.each([
  ['syllable-bounded', {}],
  ['across spaces', { maxSyllables: 4 }],
  ['across spaces, one digit', { maxSyllables: 2, digits: 1 }],
] as const)('ids equal those of @huggingface/tokenizers: %s', (_, options) => {
  let own: Tokenizer;
  let other: HuggingFaceTokenizer;
  beforeAll(async () => {
    const trained = await train(sampleTexts(), { vocabSize: 3000, ...options });
    own = tokenizerOf(trained);
    other = new HuggingFaceTokenizer(JSON.parse(tokenizerJson(trained)), JSON.parse(tokenizerConfigJson({ note: 1 })));
  });

  test('on Vietnamese prose, composed and decomposed', () => {
    for (const text of sampleTexts()
      .slice(0, 40)
      .flatMap((page) => page.split('\n'))) {
      expect([...own.encode(text)]).toEqual(other.encode(text).ids);
      expect([...own.encode(text.normalize('NFD'))]).toEqual(other.encode(text.normalize('NFD')).ids);
    }
  });

  test('on whole pages', () => {
    for (const text of sampleTexts().slice(-5)) expect([...own.encode(text)]).toEqual(other.encode(text).ids);
  });

  test('on any text, words of the vocabulary between', () => {
    const words = sampleTexts()[0].split(/(?= )/);
    const mixed = fc
      .array(fc.oneof(oddText(6), fc.constantFrom(...words)), { maxLength: 12 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(mixed, (text) => {
        expect([...own.encode(text)]).toEqual(other.encode(text).ids);
      }),
      { numRuns: 500 },
    );
  });
});

test('the cost of joining syllables of one run grows evenly; 300,000 come back as they were', async () => {
  const across = tokenizerOf(await train(sampleTexts(), { vocabSize: 3000, maxSyllables: 4 }));
  const runOf = (n: number): string => ' của những người'.repeat(n / 3);
  await expectLinear(runOf, (run) => across.encode(run), { from: 1000 });
  expect(across.decode(across.encode(runOf(300_000)))).toBe(runOf(300_000));
});

test('decoding gives the NFC of the text back, here and in @huggingface/tokenizers', () => {
  fc.assert(
    fc.property(oddText(), (text) => {
      const ids = tokenizer.encode(text);
      expect(tokenizer.decode(ids)).toBe(text.normalize('NFC'));
      if (ids.length > 0) expect(peer.decode([...ids])).toBe(text.normalize('NFC'));
    }),
    { numRuns: 1000 },
  );
});

test('bytes and strings give the same ids; what is not UTF-8 is U+FFFD', () => {
  expect(tokenizer.encode(bytesOf('Chào bạn'))).toEqual(tokenizer.encode('Chào bạn'));
  expect(tokenizer.encode(Uint8Array.of(0x61, 0xff, 0xc3))).toEqual(tokenizer.encode('a\ufffd\ufffd'));
  expect(tokenizer.encode('a\ud800')).toEqual(tokenizer.encode('a\ufffd'));
  expect(tokenizer.encode('')).toEqual(new Uint16Array());
});

test('names of special tokens in a text are text', () => {
  for (const name of SPECIAL_TOKENS) {
    const ids = tokenizer.encode(`a${name}b`);
    expect(Math.max(...ids)).toBeLessThan(tokenizer.specialId('<|bos|>'));
    expect(tokenizer.decode(ids)).toBe(`a${name}b`);
  }
  expect(peer.encode('a<|eos|>').ids.at(-1)).toBe(tokenizer.eosId);
});

test('a text returned earlier stays as it was', () => {
  const first = tokenizer.encode('một hai ba');
  const copy = [...first];
  tokenizer.encode('bốn năm sáu bảy tám');
  expect([...first]).toEqual(copy);
});

test('special tokens stand last, bytes count what each id stands for', () => {
  const { vocabSize, bosId, eosId, padId, byteLengths } = tokenizer;
  expect(vocabSize).toBe(3000);
  expect([bosId, eosId, padId]).toEqual([2984, 2985, 2986]);
  expect([...byteLengths.subarray(2984)]).toEqual(SPECIAL_TOKENS.map(() => 0));
  for (const text of sampleTexts().slice(0, 5)) {
    const bytes = Array.from(tokenizer.encode(text)).reduce((sum, id) => sum + byteLengths[id], 0);
    expect(bytes).toBe(bytesOf(text).length);
  }
});

test('decode names special tokens and refuses ids outside the vocabulary', () => {
  expect(tokenizer.decode([tokenizer.bosId, ...tokenizer.encode('xin'), tokenizer.eosId])).toBe('<|bos|>xin<|eos|>');
  for (const id of [3000, -1, 1.5]) {
    expect(() => tokenizer.decode([id])).toThrow(expect.objectContaining({ code: 'BAD_TOKEN' }));
  }
});

describe('long pretokens', () => {
  test('the heap gives what the scan gives', () => {
    const pairs = new PairTable(model.merges.length / 2);
    for (let i = 0; i < model.merges.length; i += 2) pairs.add(model.merges[i], model.merges[i + 1], 256 + i / 2);
    const merger = new WordMerger(pairs);
    const symbol = fc.constantFrom(
      ...Array.from(bytesOf('anhgtưđ'), (byte) => tokenizer.encode(Uint8Array.of(byte))[0]),
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(symbol, fc.nat({ max: 255 })), { minLength: 1, maxLength: 96 }), (symbols) => {
        const [scanned, heaped] = [Int32Array.from(symbols), Int32Array.from(symbols)];
        const left = merger.mergeByScan(scanned, symbols.length);
        expect(merger.mergeByHeap(heaped, symbols.length)).toBe(left);
        expect(heaped.subarray(0, left)).toEqual(scanned.subarray(0, left));
      }),
      { numRuns: 2000 },
    );
  });

  test('equal @huggingface/tokenizers around the limits of cache and scan', () => {
    for (const length of [63, 64, 65, 95, 96, 97, 500]) {
      for (const text of [
        'nghiêng'.repeat(length).slice(0, length),
        'a'.repeat(length),
        `${'x'.repeat(length)} ${'đ'.repeat(length)}`,
      ]) {
        expect([...tokenizer.encode(text)]).toEqual(peer.encode(text).ids);
      }
    }
  });

  test.each<[string, (n: number) => string]>([
    [
      'mixed letters',
      (n) => Array.from({ length: n }, (_, i) => String.fromCharCode(97 + ((i * i * 31 + i * 17) % 26))).join(''),
    ],
    ['one letter', (n) => 'a'.repeat(n)],
    ['one sign', (n) => '-'.repeat(n)],
    ['spaces', (n) => ' '.repeat(n)],
  ])('the cost of %s in one run grows evenly; a million come back as they were', async (_, text) => {
    await expectLinear(text, (given) => tokenizer.encode(given), { from: 1000 });
    expect(tokenizer.decode(tokenizer.encode(text(1_000_000)))).toBe(text(1_000_000));
  });
});

test('ids stay the same when the cache starts anew', () => {
  const fresh = tokenizerOf(model);
  const before = [...fresh.encode('nước chảy đá mòn')];
  const manyWords = Array.from({ length: 300_000 }, (_, i) => i.toString(36).replace(/\d/g, 'đ')).join(' ');
  fresh.encode(manyWords);
  expect(fresh.decode(fresh.encode(manyWords))).toBe(manyWords);
  expect([...fresh.encode('nước chảy đá mòn')]).toEqual(before);
});

test('a vocabulary beyond 65,536 gives 32-bit ids', () => {
  const merges = Int32Array.from({ length: 2 * 66_000 }, (_, i) => {
    const merge = i >> 1;
    if (merge < 65_536) return i % 2 === 0 ? merge >> 8 : merge & 255;
    return i % 2 === 0 ? 256 + merge - 65_536 : merge - 65_536;
  });
  const large = tokenizerOf({ merges, specialTokens: SPECIAL_TOKENS, split: DEFAULT_SPLIT });
  const ids = large.encode('ab');
  expect(ids).toBeInstanceOf(Uint32Array);
  expect(large.decode(ids)).toBe('ab');
  expect(large.bosId).toBe(256 + 66_000);
  expect(large.decode([256 + 65_540])).toHaveLength(3);
});

describe('BPE dropout', () => {
  const whole = `Nghiêng người, ông nói: 12345 lần… ${'x'.repeat(300)}`;
  test('of none the ids are those of encode, of any they decode to the text; the seed and the text decide', async () => {
    for (const options of [{ vocabSize: 1500 }, { vocabSize: 2500, maxSyllables: 4 }]) {
      const tokenizer = tokenizerOf(await train(sampleTexts(), options));
      const page = bytesOf(sampleTexts()[3]);
      if (!('maxSyllables' in options)) expect(tokenizer.encodeWithDropout(page, 0, 1)).toEqual(tokenizer.encode(page));
      fc.assert(
        fc.property(
          fc.oneof(oddText(), fc.constant(whole)),
          fc.double({ min: 0, max: 0.99, noNaN: true }),
          (text, share) => {
            const ids = tokenizer.encodeWithDropout(bytesOf(text), share, 7);
            expect(tokenizer.decode(ids)).toBe(tokenizer.decode(tokenizer.encode(text)));
            expect(tokenizer.encodeWithDropout(bytesOf(text), share, 7)).toEqual(ids);
          },
        ),
        { numRuns: 100 },
      );
      expect(tokenizer.encodeWithDropout(page, 0.1, 1)).not.toEqual(tokenizer.encodeWithDropout(page, 0.1, 2));
    }
  });
});
