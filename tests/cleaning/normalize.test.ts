/** One way to write a Vietnamese text: composition, marks, spaces, line ends. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dropPiledMarks, MAY_PILE } from '../../cleaning/vietnamese/nfc.ts';
import { noRepairs, normalize } from '../../cleaning/vietnamese/normalize.ts';
import { TRAIT, traitsOf } from '../../cleaning/vietnamese/traits.ts';

/** Words that need Vietnamese letters around them before anything is taken for Vietnamese. */
const inText = (words: string): string => `Một ngày ${words} nữa được.`;

describe('normalize', () => {
  test.each([
    ['NFD becomes NFC', 'Tiếng Việt'.normalize('NFD'), 'Tiếng Việt'],
    ['a tone before the hat', 'tie\u0301\u0302ng', 'tiếng'],
    ['a composed vowel, then the hat', 'ti\u00e9\u0302ng Vi\u1eb9\u0302t', 'tiếng Việt'],
    ['a tone before the breve', 'na\u0301\u0306m', 'nắm'],
    ['a tone before the horn', 'ngu\u031bo\u0300\u031bi', 'người'],
    ['capitals', 'TI\u00c9\u0302NG', 'TIẾNG'],
    ['line ends', 'a\r\nb\rc\u2028d\u0085e\u2029f', 'a\nb\nc\nd\ne\n\nf'],
    ['spaces', ' a\u00a0\u00a0b \u2003c \n  d\u3000', 'a b c\nd'],
    ['blank lines', 'a\n\n\n \n\nb', 'a\n\nb'],
    ['tabs between cells, empty ones as well', 'a \t b\t\tc\t', 'a\tb\t\tc'],
    ['an empty cell at the head of a row', '\t Toán\tAnh\nHà\t8 \t\t', '\tToán\tAnh\nHà\t8'],
    ['a tab that indents', '\t Toán\n\t\n\tAnh', 'Toán\n\nAnh'],
    ['zero width, soft hyphens, controls', '\ufeffVi\u00adệt\u200b \u200eNam\u0007\u0000', 'Việt Nam'],
    ['nothing', ' \n\u200b\n', ''],
    ['a thousand marks on a letter', `a${'\u0301'.repeat(1000)}`, `á${'\u0301'.repeat(15)}`],
  ])('%s', (_, text, expected) => {
    expect(normalize(text)).toBe(expected);
  });

  test.each([
    ['Ðà', 'Đà'],
    ['Ɖược', 'Được'],
    ['ðể', 'để'],
    ['Ðắk Lắk', 'Đắk Lắk'],
    ['Ðakrông', 'Đakrông'],
    ['NÐ-CP', 'NĐ-CP'],
    ['13/2024/QÐ-HÐND', '13/2024/QĐ-HĐND'],
    ['/ð/', '/ð/'],
    ['ông Noé', 'ông Noé'],
    ['„đúng“', '“đúng”'],
    ['‚đúng‘ và „đẹp"', '‘đúng’ và “đẹp”'],
    ['漢字ＡＢＣ', '漢字ＡＢＣ'],
    ['ＡＢＣ漢字', 'ＡＢＣ漢字'],
    ['ＡＢＣ', 'ABC'],
    ['NORÐUR', 'NORÐUR'],
  ])('spells %s as %s', (word, expected) => {
    expect(normalize(inText(word))).toBe(inText(expected));
  });

  // As written, old style, new style.
  test.each([
    ['hoà', 'hòa', 'hoà'],
    ['hòa', 'hòa', 'hoà'],
    ['thuỷ', 'thủy', 'thuỷ'],
    ['khỏe', 'khỏe', 'khoẻ'],
    ['òa', 'òa', 'oà'],
    ['tủy', 'tủy', 'tuỷ'],
    // One spelling in both.
    ['khoẻn', 'khoẻn', 'khoẻn'],
    ['quý', 'quý', 'quý'],
    ['lý', 'lý', 'lý'],
    ['hoàn', 'hoàn', 'hoàn'],
    ['tuýp', 'tuýp', 'tuýp'],
    ['nghĩa', 'nghĩa', 'nghĩa'],
    // Names, and what may be one.
    ['Hoà', 'Hoà', 'Hoà'],
    ['Thủy', 'Thủy', 'Thủy'],
    ['HOÀ', 'HOÀ', 'HOÀ'],
    ['Noé', 'Noé', 'Noé'],
  ])('%s is %s in the old style and %s in the new one', (word, old, late) => {
    expect([normalize(inText(word)), normalize(inText(word), noRepairs(), 'old')]).toEqual([inText(word), inText(old)]);
    expect(normalize(inText(word), noRepairs(), 'new')).toBe(inText(late));
  });

  test.each([
    ['Toà án huỷ bỏ. Uỷ ban xã hoà giải.', 'Tòa án hủy bỏ. Ủy ban xã hòa giải.'],
    ['Hoà Bình có nhiều ủy ban.', 'Hoà Bình có nhiều ủy ban.'],
    ['Hoà là bạn của ông Hoà.', 'Hoà là bạn của ông Hoà.'],
    ['“Hoá ra vậy”', '“Hóa ra vậy”'],
  ])('a name is known by its capital where no sentence begins: %s', (text, old) => {
    expect(normalize(text, noRepairs(), 'old')).toBe(old);
  });

  test.each([
    ['tòan', 'toàn'],
    ['Tòan', 'Toàn'],
    ['HÒANG', 'HOÀNG'],
    ['qúy', 'quý'],
    ['qủa', 'quả'],
    ['cuả', 'của'],
    ['nghiã', 'nghĩa'],
    ['thúôc', 'thuốc'],
    ['gíup', 'giúp'],
    ['bịêt', 'biệt'],
    ['lọai', 'loại'],
    ['tôí', 'tối'],
    ['ngườị', 'người'],
    ['đọạn', 'đoạn'],
    // Not Vietnamese, though its letters would be.
    ['più', 'più'],
    ['Liú Bèi', 'Liú Bèi'],
    ['劉 (liú)', '劉 (liú)'],
  ])('a tone on the wrong vowel, in every style: %s is %s', (word, expected) => {
    const repairs = noRepairs();
    expect(normalize(inText(word), repairs)).toBe(inText(expected));
    expect([repairs.marks, repairs.tones]).toEqual([Number(word !== expected), 0]);
  });

  test.each([
    ['Icelandic', 'Það er NORÐUR og suður; ÐAÐ'],
    ['Italian', 'Il moà e la oasi, più là'],
    ['Persian joiners', 'می\u200cخواهم'],
    ['Thai', 'ภาษา\u200bไทย'],
    ['a family of pictures', '👨\u200d👩\u200d👧'],
    ['Yoruba', 'Ọjọ́ kẹrìn'],
    ['price lists', '1. Gạo ST25: 32.000 đ/kg\n2. Cá lóc — 85.000 đ/kg (loại 1)'],
  ])('leaves %s alone', (_, text) => {
    expect(normalize(text)).toBe(text.normalize('NFC'));
  });

  test('is idempotent on anything', () => {
    const marks = fc.constantFrom(
      ...'\u0300\u0301\u0302\u0303\u0306\u0309\u031b\u0323',
      ' ',
      '\n',
      '\t',
      '\r',
      '\u200b',
      '\u200d',
      '\u00a0',
      '\ufe0f',
    );
    const letters = fc.constantFrom(...'aeouyqgiđÐðƉHOÀoàéêơưếệúýị👩ก');
    const pieces = fc.array(fc.oneof(marks, letters, fc.string({ unit: 'binary', maxLength: 3 })), { maxLength: 40 });
    fc.assert(
      fc.property(pieces, (parts) => {
        const once = normalize(`ệ ${parts.join('')}`);
        expect(normalize(once)).toBe(once);
      }),
      { numRuns: 3000, seed: 7 },
    );
  });
});

test('of each run of marks the first sixteen stay', () => {
  const mark = fc.constantFrom(...'\u0300\u0323\u0483\u0591\u0e31\u1ab0\u1dc0\u20d0\ufe20', '\u{1d165}', '\u{1e944}');
  const run = fc.array(mark, { maxLength: 40 }).map((marks) => marks.join(''));
  const text = fc.array(fc.oneof(run, fc.constantFrom('a', 'ế', '\u00ad', ' ')), { maxLength: 8 });
  fc.assert(
    fc.property(text, (parts) => {
      const whole = parts.join('');
      const short = whole.replace(/\p{M}+/gu, (marks) => [...marks].slice(0, 16).join(''));
      expect(dropPiledMarks(whole)).toBe(short);
    }),
    { numRuns: 1000 },
  );
});

test('no kind of mark piles up unseen', () => {
  const marks = Array.from({ length: 0x110000 }, (_, code) => code).filter(
    (code) => !(code >= 0xd800 && code < 0xe000) && /\p{M}/u.test(String.fromCodePoint(code)),
  );
  expect(marks.filter((code) => !MAY_PILE.test(String.fromCodePoint(code).repeat(17)))).toEqual([]);
  expect(MAY_PILE.test('nhiều người Nhật 日本語の文章 и русские'.repeat(20))).toBe(false);
});

describe('traitsOf', () => {
  test.each([
    ['nothing to do', 'Trời ơi, “đẹp” quá…\n\nHai dòng\nba — 5 €.', 0],
    ['a line end of another system', 'một\r\nhai', TRAIT.lineEnd],
    ['a zero-width character', 'mộ\u200bt', TRAIT.invisible],
    ['a mark of its own', 'mo\u0323\u0302t', TRAIT.marks],
    ['a Cyrillic letter', 'mộт', TRAIT.guest],
    ['an eth', 'Ðẹp', TRAIT.strokedD],
    ['a rare quotation mark', '„đẹp', TRAIT.quote],
    ['two spaces', 'một  hai', TRAIT.space],
    ['a space before a line end', 'một \nhai', TRAIT.space],
    ['a space behind a line end', 'một\n hai', TRAIT.space],
    ['two blank lines', 'một\n\n\nhai', TRAIT.space],
    ['a space at the head', ' một', TRAIT.space],
    ['a line end at the end', 'một\n', TRAIT.space],
    ['a tab', 'một\thai', TRAIT.space],
    ['a text longer than what is kept', `${'một '.repeat(300_000)}mộ\u200bt`, TRAIT.invisible],
  ])('sees %s', (_, text, trait) => {
    expect(traitsOf(text) & trait).toBe(trait);
    if (trait === 0) expect(traitsOf(text)).toBe(0);
  });
});

describe('code', () => {
  const code = 'def chia(a, b):\n    if b == 0:\n        return None\n\n    return  a / b';

  test.each([
    ['in plain text', `Ví dụ  sau:\n\n${code}\n\nKết  quả được in ra.`, `Ví dụ sau:\n\n${code}\n\nKết quả được in ra.`],
    ['in a fence', 'Được:\n\n```\nname:   x\n\n  - a\n```\n\n  hết  rồi', 'Được:\n\n```\nname:   x\n\n  - a\n```\n\nhết rồi'],
    ['with tabs', 'Được:\n\nfor (;;) {\n\tif (a)\n\t\tb();\n}', 'Được:\n\nfor (;;) {\n\tif (a)\n\t\tb();\n}'],
    ['not verse', 'Trăm năm trong cõi người ta\n  Chữ tài chữ mệnh khéo là ghét nhau', 'Trăm năm trong cõi người ta\nChữ tài chữ mệnh khéo là ghét nhau'],
  ])('keeps its indentation: %s', (_, text, expected) => {
    expect(normalize(text)).toBe(expected);
    expect(normalize(expected)).toBe(expected);
  });

  test('keeps its names in either style of tones', () => {
    const text = 'Gọi bien_hoà, hoà(1), hoà2 và ds.hoà nhưng hoà bình được.';
    expect(normalize(text, noRepairs(), 'old')).toBe(text.replace('hoà bình', 'hòa bình'));
  });
}); // biome-ignore format: a table
