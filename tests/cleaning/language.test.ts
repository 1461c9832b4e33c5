/** Is it Vietnamese: syllables by grammar, whole texts, single paragraphs. */
import { describe, expect, test } from 'vitest';
import { identify, identifyParagraphs } from '../../cleaning/vietnamese/language.ts';
import { readParagraphs, readSyllables } from '../../cleaning/vietnamese/lexicon.ts';
import { isPlainSyllable, parseSyllable, removeDiacritics } from '../../cleaning/vietnamese/syllables.ts';

describe('syllable grammar', () => {
  test.each([
    ['nghiêng', 'ngh', 'iêng', 'ngang'],
    ['khuỷu', 'kh', 'uyu', 'hỏi'],
    ['quyển', 'qu', 'yên', 'hỏi'],
    ['giếng', 'g', 'iêng', 'sắc'],
    ['gì', 'g', 'i', 'huyền'],
    ['già', 'gi', 'a', 'huyền'],
    ['hoà', 'h', 'oa', 'huyền'],
    ['hòa', 'h', 'oa', 'huyền'],
    ['yêu', '', 'yêu', 'ngang'],
    ['ý', '', 'y', 'sắc'],
    ['đẹp', 'đ', 'ep', 'nặng'],
    ['xoong', 'x', 'oong', 'ngang'],
    ['ườn', '', 'ươn', 'huyền'],
    ['ngoằng', 'ng', 'oăng', 'huyền'],
  ])('%s = %s + %s, %s', (syllable, onset, rhyme, tone) => {
    expect(parseSyllable(syllable)).toEqual({ onset, rhyme, tone });
  });

  test.each([
    ['k before a', 'ka'],
    ['c before e', 'cê'],
    ['ng before i', 'ngiêm'],
    ['ngh before a', 'ngha'],
    ['gh before o', 'ghô'],
    ['a stop coda without a tone', 'viêt'],
    ['a stop coda with huyền', 'bàt'],
    ['two tones', 'bà\u0301'],
    ['foreign letters', 'world'],
    ['a foreign cluster', 'street'],
    ['iê without a consonant', 'iêu'],
    ['nothing', ''],
  ])('refuses %s', (_, syllable) => {
    expect(parseSyllable(syllable)).toBeUndefined();
  });

  test('knows syllables that lost their diacritics', () => {
    for (const word of 'tieng viet khong dau nguoi duoc thuong nghieng khuyu'.split(' '))
      expect(isPlainSyllable(word)).toBe(true);
    for (const word of 'world street yang makes kuda'.split(' ')) expect(isPlainSyllable(word)).toBe(false);
    expect(removeDiacritics('Đường về Quảng Trị')).toBe('Duong ve Quang Tri');
  });
});

const VIETNAMESE =
  'Mùa nước nổi, cả xóm chèo xuồng ra đồng hái bông điên điển. Bà tôi nói năm nào nước về trễ thì cá linh cũng trễ, ' +
  'người ta chỉ biết ngồi chờ và đan lại mấy tay lưới cũ.';

describe('identify', () => {
  const label = (text: string): string => {
    const { code, diacritics } = identify(readSyllables(text), text);
    return `${code} ${diacritics}`;
  };

  test.each([
    ['prose', VIETNAMESE, 'vie present'],
    ['a short line', 'Xin chào các bạn', 'vie present'],
    ['without diacritics', removeDiacritics(VIETNAMESE), 'vie absent'],
    ['half of it without', `${VIETNAMESE} ${removeDiacritics(VIETNAMESE).repeat(3)}`, 'vie mixed'],
    ['capitals', VIETNAMESE.toUpperCase(), 'vie present'],
    [
      'full of foreign names',
      'Trận Manchester United gặp Real Madrid ở Stuttgart bị hoãn, còn Liverpool và Bayern Munich thì đá bù ở Rotterdam hôm sau.',
      'vie present',
    ],
  ])('Vietnamese: %s', (_, text, expected) => {
    expect(label(text)).toBe(expected);
  });

  test.each([
    ['eng', 'The ferry leaves when the captain decides that it is full, which is not the same as the timetable says.'],
    [
      'fra',
      'Le bac part quand le capitaine estime qu’il est plein, ce qui n’est pas la même chose que l’horaire affiché.',
    ],
    [
      'ind',
      'Kapal itu berangkat ketika kapten memutuskan bahwa sudah penuh, dan itu tidak sama dengan jadwal yang tertulis.',
    ],
    [
      'tah',
      'Te haere nei te mau taata i te fare no te mea ua pou te ahi e ua po roa te ao i taua mahana ra e aita e taata.',
    ],
    [
      'por',
      'A balsa parte quando o capitão decide que está cheia, o que não é a mesma coisa que diz o horário afixado no cais.',
    ],
  ])('not Vietnamese: %s', (_, text) => {
    expect(identify(readSyllables(text), text).code).not.toBe('vie');
    expect(identify(readSyllables(text), text).score).toBeLessThan(0.35);
  });

  test('too little text to say', () => {
    expect(label('')).toBe('und absent');
    expect(label('12345 --- 67')).toBe('und absent');
    expect(label('hello there')).toBe('und absent');
  });

  test('a long document is judged by samples from all over it', () => {
    const english = 'The captain decides that the ferry is full and leaves the landing at once. '.repeat(400);
    const text = `${VIETNAMESE} ${english}`;
    expect(identify(readSyllables(text), text).score).toBeLessThan(0.35);
  });
});

describe('identifyParagraphs', () => {
  const runs = (...paragraphs: string[]) => {
    const text = paragraphs.join('\n\n');
    const read = readParagraphs(text);
    return identifyParagraphs(read.syllables, read.paragraphs, text);
  };
  const ENGLISH = 'The ferry leaves when the captain decides that it is full, whatever the timetable says about it.';

  test.each<[string, string[], string, number]>([
    ['one language', [VIETNAMESE, VIETNAMESE], 'vie*2', 1],
    ['Vietnamese, then its translation', [VIETNAMESE, ENGLISH, ENGLISH], 'vie*1 eng*2', 0.47],
    [
      'headings go with what stands before them, at the head with what follows',
      ['Một', VIETNAMESE, 'Two', ENGLISH, 'Three'],
      'vie*3 eng*2',
      0.67,
    ],
    ['without diacritics', [removeDiacritics(VIETNAMESE), ENGLISH], 'vie*1 eng*1', 0.63],
    ['too short to say', ['Xin chào'], 'und*1', 1],
  ])('%s', (_, paragraphs, expected, share) => {
    const { runs: found, vietnameseFrac } = runs(...paragraphs);
    expect(found).toBe(expected);
    expect(vietnameseFrac).toBeCloseTo(share, 1);
  });

  test('of an empty text', () => {
    expect(runs('')).toEqual({ paragraphs: [], runs: '', vietnameseFrac: 1 });
  });
});
