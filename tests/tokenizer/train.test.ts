/** Training BPE gives the merges of a naive recount, whatever the threads and the order. */
import { describe, expect, test } from 'vitest';
import { type BpeModel, MIN_VOCAB_SIZE, tokenBytesOf, vocabSizeOf } from '../../tokenizer/model.ts';
import { BYTE_OF_ID, ID_OF_BYTE } from '../../tokenizer/text/byte-level.ts';
import { DEFAULT_SPLIT, splitNamed } from '../../tokenizer/text/split.ts';
import { Merger } from '../../tokenizer/train/merge.ts';
import { TallyThreads } from '../../tokenizer/train/tally-threads.ts';
import { Vocabulary } from '../../tokenizer/train/vocabulary.ts';
import { bytesOf, piecesOf, sampleTexts, splitByPatterns, train } from './support.ts';

const merges = (model: BpeModel): [number, number][] =>
  Array.from({ length: model.merges.length / 2 }, (_, i) => [model.merges[2 * i], model.merges[2 * i + 1]]);

const tokens = (model: BpeModel): string[] => {
  const { bytes, starts } = tokenBytesOf(model);
  return Array.from({ length: starts.length - 1 }, (_, id) =>
    Buffer.from(bytes.subarray(starts[id], starts[id + 1])).toString(),
  );
};

interface NaiveWord {
  symbols: number[];
  readonly count: number;
}

/** BPE by the book: all pairs counted anew for each merge; ties by count, then left id, then right id. */
class NaiveTrainer {
  readonly merges: [number, number][] = [];
  /** One character a byte. */
  readonly tokens = Array.from({ length: 256 }, (_, id) => String.fromCharCode(BYTE_OF_ID[id]));

  readonly #minFrequency: number;
  readonly #allows: (left: string, right: string) => boolean;

  constructor(minFrequency: number, allows: (left: string, right: string) => boolean = () => true) {
    this.#allows = allows;
    this.#minFrequency = minFrequency;
  }

  learn(words: readonly NaiveWord[], limit: number, allows = this.#allows): void {
    while (this.merges.length < limit) {
      const pairs = new Map<number, number>();
      for (const { symbols, count } of words) {
        for (let i = 1; i < symbols.length; i++) {
          const pair = symbols[i - 1] * 2 ** 20 + symbols[i];
          pairs.set(pair, (pairs.get(pair) ?? 0) + count);
        }
      }
      let best = 0;
      let highest = 0;
      for (const [pair, count] of pairs) {
        if (count < highest || (count === highest && pair > best)) continue;
        const [left, right] = [this.tokens[Math.floor(pair / 2 ** 20)], this.tokens[pair % 2 ** 20]];
        if (!allows(left, right) || this.tokens.includes(left + right)) continue;
        [best, highest] = [pair, count];
      }
      if (highest < this.#minFrequency) return;
      const [left, right] = [Math.floor(best / 2 ** 20), best % 2 ** 20];
      this.merges.push([left, right]);
      this.tokens.push(this.tokens[left] + this.tokens[right]);
      for (const word of words) word.symbols = this.#merged(word.symbols, this.merges.length - 1);
    }
  }

  /** All merges made so far, in their order. */
  encode(text: string): number[] {
    let symbols = Array.from(bytesOf(text), (byte) => ID_OF_BYTE[byte]);
    for (let merge = 0; merge < this.merges.length; merge++) symbols = this.#merged(symbols, merge);
    return symbols;
  }

  #merged(symbols: readonly number[], merge: number): number[] {
    const [left, right] = this.merges[merge];
    const out: number[] = [];
    for (let i = 0; i < symbols.length; i++) {
      const joins = symbols[i] === left && symbols[i + 1] === right;
      out.push(joins ? 256 + merge : symbols[i]);
      if (joins) i++;
    }
    return out;
  }
}

const pretokensOf = (text: string): string[] => splitByPatterns(text, DEFAULT_SPLIT);

function wordsIn(texts: readonly string[], split: (text: string) => string[] = pretokensOf): NaiveWord[] {
  const counts = new Map<string, number>();
  for (const text of texts) for (const word of split(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, count]) => ({
    symbols: Array.from(bytesOf(word), (byte) => ID_OF_BYTE[byte]),
    count,
  }));
}

function mergesByRecount(texts: readonly string[], limit: number, minFrequency: number): [number, number][] {
  const trainer = new NaiveTrainer(minFrequency);
  trainer.learn(wordsIn(texts), limit);
  return trainer.merges;
}

describe('merges are those of a naive recount', () => {
  test('on Vietnamese prose', async () => {
    const texts = sampleTexts();
    const model = await train(texts, { vocabSize: MIN_VOCAB_SIZE + 400 });
    expect(merges(model)).toEqual(mergesByRecount(texts, 400, 2));
  });

  test('to the last pair of a small text, runs of one letter included', async () => {
    const texts = [`${'a'.repeat(7)} aa aaa ${'ab'.repeat(9)} aba ${'ha'.repeat(5)}`, sampleTexts()[0].slice(0, 3000)];
    const model = await train(texts, { vocabSize: 8192, minFrequency: 1 });
    const expected = mergesByRecount(texts, Number.POSITIVE_INFINITY, 1);
    expect(expected.length).toBeGreaterThan(600);
    expect(merges(model)).toEqual(expected);
  });

  // The reference knows nothing of pieces and thresholds: it counts whole runs of syllables.
  test.each([
    ['vua', 2, 2],
    ['vua', 4, 3],
    ['superbpe', 4, 2],
  ] as const)(
    'across spaces by %s, at most %d syllables, pairs that stand %d times',
    async (split, maxSyllables, minFrequency) => {
      const rule = splitNamed(split, { acrossSpaces: true });
      const texts = [
        ...sampleTexts().slice(0, split === 'vua' ? 30 : 10),
        ...Array(5).fill('Hội những người yêu cây. '.repeat(40)),
      ];
      const [within, all] = [250, 550];
      const options = {
        vocabSize: MIN_VOCAB_SIZE + all,
        split,
        maxSyllables,
        minFrequency,
        syllableShare: within / all,
      };
      const model = await train(texts, options);

      const trainer = new NaiveTrainer(minFrequency);
      /** Whole characters, or a part of one. */
      const isWhole = (token: string): boolean =>
        /^(?:[^\ufffd]*|\ufffd+)$/.test(Buffer.from(token, 'latin1').toString());
      const words = wordsIn(texts, (text) => piecesOf(text, rule));
      trainer.learn(words, within, (left, right) => !rule.wholeRuns || isWhole(left + right));
      const runs = wordsIn(texts, (text) => splitByPatterns(text, rule));
      for (const run of runs) {
        run.symbols = trainer.encode(Buffer.from(run.symbols.map((id) => BYTE_OF_ID[id])).toString());
      }
      const syllables = (token: string): number => token.split(' ').length - (token.startsWith(' ') ? 1 : 0);
      trainer.learn(runs, all, (left, right) => {
        const endsWithLetter = /[\p{L}\p{M}]$/u.test(Buffer.from(left, 'latin1').toString());
        return (
          right.startsWith(' ') &&
          (rule.wholeRuns ? isWhole(left) : endsWithLetter) &&
          syllables(left) + syllables(right) <= maxSyllables
        );
      });
      expect(merges(model)).toEqual(trainer.merges);
      expect(new Set(tokens(model)).size).toBeGreaterThan(all); // no token twice
      expect(tokens(model).some((token) => /\p{L} \p{L}/u.test(token))).toBe(true);
      const longest = Math.max(...tokens(model).map((token) => token.trimStart().split(/ +/).length));
      expect(longest).toBe(maxSyllables);
    },
  );
});

test('threads change nothing, with and without merges across spaces', async () => {
  const texts = Array.from({ length: 8 }, () => sampleTexts().join('\n'));
  const team = new TallyThreads(3, 1 << 18);
  try {
    for (const maxSyllables of [1, 3]) {
      const options = { vocabSize: 1500, maxSyllables };
      expect(await train(texts, { ...options, team })).toEqual(await train(texts, options));
    }
    expect(team.shared).toBeGreaterThan(1 << 20);
  } finally {
    await team.close();
  }
});

test('a text cut for threads gives what the whole gives', async () => {
  const text = sampleTexts().join('\n');
  expect(text.length).toBeGreaterThan(1 << 18);
  const options = { vocabSize: 1500, maxSyllables: 3 };
  expect(await train([text], options)).toEqual(await train(text.split(/(?<=\n)(?=[!-~])/), options));
});

test('the order of documents changes nothing', async () => {
  const texts = sampleTexts();
  const options = { vocabSize: 1024 };
  const model = await train(texts, options);
  expect(await train([...texts].reverse(), options)).toEqual(model);
});

test('decomposed and composed text give the same model', async () => {
  const texts = sampleTexts().slice(0, 10);
  expect(
    await train(
      texts.map((text) => text.normalize('NFD')),
      { vocabSize: 512 },
    ),
  ).toEqual(await train(texts, { vocabSize: 512 }));
});

test('no token crosses a pretoken', async () => {
  const model = await train(sampleTexts(), { vocabSize: 2048 });
  expect(tokens(model).slice(256)).toContain(' không');
  const crossing = tokens(model).filter((token) => !token.includes('\ufffd') && pretokensOf(token).length > 1);
  expect(crossing).toEqual([]);
});

test('a corpus with too few pairs gives a smaller vocabulary', async () => {
  const model = await train(['ba ba ba'], { vocabSize: 4096 });
  expect(tokens(model).slice(256)).toEqual(['ba', ' ba']);
  expect(vocabSizeOf(model)).toBe(MIN_VOCAB_SIZE + 2);
});

test('minFrequency and maxTokenBytes bound the merges', async () => {
  const [rare, common] = ['xyz '.repeat(4), 'thương '.repeat(5)];
  const model = await train([rare + common], { vocabSize: 4096, minFrequency: 5, maxTokenBytes: 4 });
  const { starts } = tokenBytesOf(model);
  const lengths = Array.from(starts.subarray(257), (end, i) => end - starts[256 + i]);
  expect(Math.max(...lengths)).toBe(4);
  expect(
    tokens(model)
      .slice(256)
      .filter((token) => /[xyz]/.test(token)),
  ).toEqual([]);
});

test('counts are exact beyond 2^32', () => {
  const words = {
    symbols: Int32Array.of(1, 2, 3, 4, 1, 2),
    starts: Int32Array.of(0, 2, 4, 6),
    counts: Float64Array.of(2 ** 40, 2 ** 40 + 2, 1),
  };
  const vocabulary = new Vocabulary();
  const merger = new Merger(words, vocabulary, { minFrequency: 2, allows: () => true }, 258);
  while (merger.step());
  expect(vocabulary.merges).toEqual([3, 4, 1, 2]);
  expect(merger.lastCount).toBe(2 ** 40 + 1);
});

test('a pretoken of a megabyte neither stops training nor shapes it', async () => {
  const texts = sampleTexts().slice(0, 5);
  const noise = Array.from({ length: 1 << 20 }, (_, i) => String.fromCharCode(97 + ((i * i + 7 * i) % 26))).join('');
  expect(await train([...texts, `${noise} `], { vocabSize: 512 })).toEqual(await train(texts, { vocabSize: 512 }));
});

test.each([0, 271, 300.5, 2 ** 21, Number.NaN])('refuses a vocabulary of %d', async (vocabSize) => {
  await expect(train(['một hai'], { vocabSize })).rejects.toMatchObject({ code: 'BAD_VOCAB_SIZE', exitStatus: 2 });
});

test('refuses a corpus without text', async () => {
  await expect(train(['', ''], { vocabSize: 512, corpus: 'DIR' })).rejects.toMatchObject({
    code: 'EMPTY_CORPUS',
    message: expect.stringContaining('DIR'),
    exitStatus: 2,
  });
});

test('stops when the signal is aborted', async () => {
  const controller = new AbortController();
  controller.abort(new Error('stopped'));
  await expect(train(sampleTexts(), { vocabSize: 4096, signal: controller.signal })).rejects.toThrow('stopped');
});
