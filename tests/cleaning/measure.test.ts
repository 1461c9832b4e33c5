import { describe, expect, test } from 'vitest';
import { MEASUREMENTS } from '../../cleaning/document.ts';
import { readTokens } from '../../cleaning/lexicon.ts';
import { measure } from '../../cleaning/measure.ts';

const measured = (text: string, plainText = false) => measure(text, readTokens(text), plainText);

describe('readTokens', () => {
  test('folds case, punctuation, tone placement and i/y', () => {
    const folded = (word: string): string => readTokens(word)[0]!.folded;
    for (const [a, b] of [
      ['Hoà,', 'hòa'],
      ['“LÝ”', 'lí'],
      ['thuỷ', 'Thủy.'],
      ['Việt-Nam', 'việtnam'],
      ['quý', 'quí'],
    ]) {
      expect(folded(a!)).toBe(folded(b!));
    }
    expect(folded('hoa')).not.toBe(folded('hóa'));
    expect(folded('yên')).not.toBe(folded('iên'));
    expect(folded('—')).toBe('');
  });

  test('gives the same token again, also for text cut from another string', () => {
    const [a, b] = readTokens('nghiêng nghiêng');
    expect(a).toBe(b);
    expect(readTokens(`x${' nghiêng'.slice(0)}`)[1]).toBe(a);
  });
});

describe('measure', () => {
  test('of a text small enough to count by hand', () => {
    const text = 'Một hai BA 4.\n\nmột hai ba @\n\nmột hai ba @';
    const figures = measured(text);
    const expected: Partial<Record<(typeof MEASUREMENTS)[number], number>> = {
      bytes: Buffer.byteLength(text),
      syllables: 12,
      mean_syllable_length: 24 / 9,
      alphabetic_ratio: 9 / 12,
      symbol_ratio: 2 / text.length,
      digit_ratio: 1 / text.length,
      uppercase_ratio: 3 / 24,
      diacritic_ratio: 3 / 9,
      vietnamese_ratio: 1,
      stopword_hits: 1, // một
      dup_line_ratio: 12 / 37,
      top_3gram_ratio: (3 * 10) / text.length, // một hai ba
      dup_8gram_ratio: 0,
      line_punctuation_ratio: 1 / 3,
    };
    expect(Object.keys(figures)).toEqual([...MEASUREMENTS]);
    for (const [name, value] of Object.entries(expected)) {
      expect({ [name]: figures[name as (typeof MEASUREMENTS)[number]] }).toEqual({ [name]: expect.closeTo(value, 10) });
    }
  });

  test('covers syllables of repeated 8-grams once', () => {
    const ten = 'a b c d e g h i k l';
    expect(measured(`${ten} ${ten}`).dup_8gram_ratio).toBeCloseTo(10 / 20);
    expect(measured(`${ten} x ${ten} y ${ten}`).dup_8gram_ratio).toBeCloseTo(20 / 32);
  });

  test('accepts syllables without diacritics only where none are meant', () => {
    expect(measured('toi di hoc truong lang').vietnamese_ratio).toBeLessThan(1);
    expect(measured('toi di hoc truong lang', true).vietnamese_ratio).toBe(1);
  });

  test('of nothing is zero', () => {
    expect(new Set(Object.values(measured('')))).toEqual(new Set([0]));
  });

  test('does not depend on what was measured before', () => {
    const text = 'một hai ba bốn năm sáu bảy tám một hai ba bốn năm sáu bảy tám';
    const before = measured(text);
    measured('khác '.repeat(5000));
    expect(measured(text)).toEqual(before);
  });
});
