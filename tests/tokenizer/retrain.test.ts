/** When a night trains its tokenizer anew. */
import { expect, it } from 'vitest';
import { ENOUGH_BYTES_PER_TOKEN } from '../../tokenizer/train/defaults.ts';
import { type TokenizerNight, type TokenizerPolicy, tokenizerDue } from '../../tokenizer/train/retrain.ts';

const ENOUGH = ENOUGH_BYTES_PER_TOKEN * 1000;
const grow: TokenizerPolicy = { tokenizer: 'grow', tokenizerGrownBy: 2 };
const night = (textBytes: number, last?: TokenizerNight['last']): TokenizerNight => ({
  ...{ textBytes, vocabSize: 1000, last },
});

it.each<[string, TokenizerNight, TokenizerPolicy, boolean]>([
  ['there is none', night(5), grow, true],
  ['there is none, whatever the policy', night(5), { ...grow, tokenizer: 'never' }, true],
  ['five documents, then a corpus', night(9_000_000, { learnedBytes: 30_000 }), grow, true],
  ['the same, and it is to stay', night(9_000_000, { learnedBytes: 30_000 }), { ...grow, tokenizer: 'never' }, false],
  ['nothing new', night(30_000, { learnedBytes: 30_000 }), grow, false],
  [
    'nothing new, and it is to be trained',
    night(30_000, { learnedBytes: 30_000 }),
    { ...grow, tokenizer: 'always' },
    true,
  ],
  ['a little more', night(59_999, { learnedBytes: 30_000 }), grow, false],
  ['twice as much', night(60_000, { learnedBytes: 30_000 }), grow, true],
  [
    'twice as much, three times asked for',
    night(60_000, { learnedBytes: 30_000 }),
    { ...grow, tokenizerGrownBy: 3 },
    false,
  ],
  ['it has learned enough', night(10 * ENOUGH, { learnedBytes: ENOUGH }), grow, false],
  ['of an older version, nothing new', night(30_000, { encodedBytes: 30_000 }), grow, false],
  ['of an older version, more text', night(31_000, { encodedBytes: 30_000 }), grow, true],
  ['of an older version, with enough text', night(2 * ENOUGH, { encodedBytes: ENOUGH }), grow, false],
])('%s', (_, tonight, policy, expected) => {
  expect(tokenizerDue(tonight, policy).trains).toBe(expected);
});

it('says what there was and what there is', () => {
  const { why } = tokenizerDue(night(9_000_000, { learnedBytes: 30_000 }), grow);
  expect(why).toBe('the tokenizer learned from 30.0 kB, now there are 9.0 MB');
});
