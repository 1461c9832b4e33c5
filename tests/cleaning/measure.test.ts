/** Syllables of a text and the figures that filters judge it by, counted by hand. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { MEASUREMENTS } from '../../cleaning/document.ts';
import { measure, type TextMeasurement } from '../../cleaning/filters/measure.ts';
import { readSyllables } from '../../cleaning/vietnamese/lexicon.ts';

const measured = (text: string, plainText = false) => measure(text, readSyllables(text), plainText);

describe('readSyllables', () => {
  test('folds case, punctuation, tone placement and i/y', () => {
    const folded = (word: string): string => readSyllables(word)[0].folded;
    for (const [a, b] of [
      ['Hoà,', 'hòa'],
      ['“LÝ”', 'lí'],
      ['thuỷ', 'Thủy.'],
      ['Việt/Nam', 'việtnam'],
      ['quý', 'quí'],
    ]) {
      expect(folded(a!)).toBe(folded(b!));
    }
    expect(folded('hoa')).not.toBe(folded('hóa'));
    expect(folded('yên')).not.toBe(folded('iên'));
    expect(folded('—')).toBe('');
  });

  test('gives the same syllable again, also for text cut from another string', () => {
    const [a, b] = readSyllables('nghiêng nghiêng');
    expect(a).toBe(b);
    expect(readSyllables(`x${' nghiêng'.slice(0)}`)[1]).toBe(a);
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
      longest_syllable: 3,
      alphabetic_ratio: 9 / 12,
      symbol_ratio: 2 / text.length,
      digit_ratio: 1 / text.length,
      uppercase_ratio: 3 / 24,
      diacritic_ratio: 3 / 9,
      vietnamese_ratio: 1,
      stopword_hits: 85 / 12, // một
      lines: 3,
      paragraphs: 3,
      sentences: 3,
      function_word_frac: 3 / 12,
      fineweb_stopwords: 1,
      short_line_frac: 1,
      newline_ratio: 2 / 12,
      dup_line_frac: 1 / 3,
      dup_line_char_frac: 12 / 37,
      dup_para_frac: 1 / 3,
      dup_para_char_frac: 12 / text.length,
      top_3gram_char_frac: 0, // một hai ba stands there thrice
      top_5gram_char_frac: 0,
      dup_8gram_char_frac: 0,
      line_punct_frac: 1 / 3,
    };
    expect(MEASUREMENTS).toEqual(expect.arrayContaining(Object.keys(figures)));
    for (const [name, value] of Object.entries(expected)) {
      expect({ [name]: figures[name as TextMeasurement] }).toEqual({ [name]: expect.closeTo(value, 10) });
    }
  });

  test('counts the most frequent gram, in a short text from its fourth time', () => {
    const said = (times: number): string => 'một hai ba. '.repeat(times).trim();
    expect(measured(said(3)).top_3gram_char_frac).toBe(0);
    expect(measured(said(4)).top_3gram_char_frac).toBeCloseTo((4 * 11) / said(4).length);
    const long = Array.from({ length: 90 }, (_, n) => `c${n}`).join(' ');
    const twice = `${said(1)} ${long} ${said(1)}`;
    expect(measured(twice).top_3gram_char_frac).toBeCloseTo((2 * 11) / twice.length);
  });

  test('counts repeated grams without overlap, as datatrove does', () => {
    const ten = 'a b c d e g h i k l';
    const twice = `${ten} ${ten}`;
    expect(measured(twice).dup_8gram_char_frac).toBeCloseTo(8 / twice.length);
    expect(measured(twice).dup_10gram_char_frac).toBeCloseTo(10 / twice.length);
    expect(measured(twice).dup_12gram_char_frac).toBe(0);
    const four = `${twice} ${twice}`;
    expect(measured(four).dup_8gram_char_frac).toBeCloseTo((3 * 8) / four.length);
  });

  test('takes leaders, rules and rows of tables for no repetition', () => {
    const long = Array.from({ length: 90 }, (_, n) => `c${n}`).join(' ');
    const leaders = `${long}\n${'Tên: ......................\n_________\n. . . . . . . . . . . .\n| | | | | | | | |\n'.repeat(3)}`;
    const figures = measured(leaders);
    expect(figures.dup_line_frac).toBeCloseTo(2 / 13); // Tên: stands there twice more
    expect(figures.dup_line_char_frac).toBeCloseTo((2 * 'Tên: '.length) / leaders.replace(/\n/g, '').length);
    expect([figures.top_3gram_char_frac, figures.dup_8gram_char_frac]).toEqual([0, 0]);
    expect(measured(`${long}\n${'Một\t2\t3\n'.repeat(4)}`)).toMatchObject({ dup_line_frac: 0, dup_line_char_frac: 0 });
  });

  test('takes the length of a gram from each place where it stands', () => {
    const long = Array.from({ length: 90 }, (_, n) => `c${n}`).join(' ');
    const text = `một hai (((ba))) ${long} một hai ba`;
    expect(measured(text).top_3gram_char_frac).toBeCloseTo(('một hai ba'.length * 2) / text.length);
  });

  test('speaks of code, policies, bullets and teasers line by line', () => {
    const text = 'Hãy bật JavaScript\n- một\n• hai\nChính sách bảo mật\nhết…\nfunction() {}';
    expect(measured(text)).toMatchObject({
      code_line_frac: 2 / 6,
      policy_line_frac: 1 / 6,
      bullet_line_frac: 2 / 6,
      ellipsis_line_frac: 1 / 6,
    });
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

test('what the grams of a long text needed is let go with it', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const syllables = readSyllables('sông núi biển trời đất '.repeat(1000));
  const long = Array.from({ length: 900_000 }, (_, i) => syllables[(i * i) % syllables.length]);
  const held = (): number => {
    for (const _ of [1, 2]) collect(); // buffers are let go by the next one
    return process.memoryUsage().arrayBuffers;
  };
  measure('', syllables, false);
  const before = held();
  measure('', long, false);
  expect(held() - before).toBeLessThan(2 ** 22);
});
