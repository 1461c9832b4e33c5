/** Cards: the rules of verse and pronouns, the calendar, masks over tokens. `npm run cards` measures the same at length. */
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../shards/checksum.ts';
import { Tokenizer } from '../../tokenizer/load.ts';
import { GLAD_EIGHT, GLAD_SIX } from '../../trainer/cards/bank/verse.ts';
import { canChiOf, solarOf, tetOf } from '../../trainer/cards/calendar.ts';
import { draftOf } from '../../trainer/cards/compose.ts';
import { asTrie, type State, Vocabulary } from '../../trainer/cards/constrain.ts';
import { freeLine, Lexicon } from '../../trainer/cards/free-line.ts';
import { insultIn, personalIn } from '../../trainer/cards/insults.ts';
import { cardFaults } from '../../trainer/cards/judge.ts';
import { DESIGNS, FORMS, LENGTHS, OCCASIONS } from '../../trainer/cards/names.ts';
import { pictureOf } from '../../trainer/cards/picture.ts';
import { poemOf } from '../../trainer/cards/poem.ts';
import { ALL_PAIRS, pairOf, pronounFaults } from '../../trainer/cards/pronouns.ts';
import { rhyme, soundOf, syllablesOf } from '../../trainer/cards/prosody.ts';
import { openRenderer } from '../../trainer/cards/render.ts';
import { linesOf, lucBatFaults } from '../../trainer/cards/verse.ts';
import { brokenOf } from '../cards/broken.ts';
import { temporaryFolder } from '../support.ts';
import { writeTokenizer } from './support.ts';

const POEM = `Từ lòng con chúc chân thành
Mong sao bố mẹ an lành, yên vui
Thời gian như nước trôi xuôi
Mỗi ngày thêm một niềm vui trong đời`;
const rules = (text: string): string[] =>
  lucBatFaults(linesOf(text)).map(({ rule, line, syllable }) => `${rule} ${line}.${syllable}`);
const parseXml = (svg: string): string[] =>
  [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) =>
    text.replace(/&(amp|lt|gt|quot);/g, (_, name: string) => ({ amp: '&', lt: '<', gt: '>', quot: '"' })[name]!),
  );
const written = (random: () => number, request: Parameters<typeof draftOf>[0]): string[] => {
  const draft = draftOf(request);
  const lines: string[] = [];
  while (lines.length < draft.lines) {
    const options = draft.next(lines);
    lines.push(options[Math.floor(random() * options.length)]);
  }
  return lines;
};

describe('lục bát', () => {
  it.each([
    ['keeps every rule', POEM, []],
    [
      'may begin anew behind a blank line',
      `${POEM}\n\nNắng mai ấm áp hiên nhà\nVui sao thắm thiết nghĩa tình gần xa`,
      ['rhyme 7.6'],
    ],
    ['a sharp syllable in the second place', POEM.replace('Từ lòng', 'Từ tấm'), ['tone 1.2']],
    ['a flat one in the fourth', POEM.replace('nước', 'mây'), ['tone 3.4']],
    ['two of one tone at the end', POEM.replace('an lành, yên vui', 'an lành, yên bình'), ['tone 2.8', 'rhyme 3.6']],
    ['no rhyme within', POEM.replace('an lành', 'vui vầy'), ['rhyme 2.6']],
    ['a syllable too many', POEM.replace('yên vui', 'luôn yên vui'), ['syllables 2.0']],
    ['a number', POEM.replace('một', '1'), ['spelling 4.4']],
    ['a line is missing: one fault', `${POEM.slice(POEM.indexOf('\n') + 1)}\n\n${POEM}`, ['syllables 1.0']],
    ['two lines of an edition in one', `12  ${POEM.replace('\n', ' ')}`, []],
    ['one line alone', 'Từ lòng con chúc chân thành', ['syllables 1.0']],
  ])('%s', (_, text, expected) => expect(rules(text)).toEqual(expected));

  it('hears glides, shared letters and spellings of one sound', () => {
    const heard = (word: string): string => `${soundOf(word)?.nucleus}+${soundOf(word)?.coda}`;
    expect('hoa quà giếng khuya tuyền yêu ngoài quốc chưn mua gì tay'.split(' ').map(heard)).toEqual(
      'a+ a+ iê+ng iê+ iê+n iê+u a+i ô+c ư+n uô+ i+ ă+i'.split(' '),
    );
    expect(rhyme(soundOf('vàng')!, soundOf('vương')!)).toBe(true);
    expect(rhyme(soundOf('tiên')!, soundOf('than')!)).toBe(false);
    expect(soundOf('facebook')).toBeUndefined();
  });

  it('refuses couplets that are broken once, by that rule alone', () => {
    const random = seededRandom(7);
    const request = {
      occasion: 'tet',
      pair: pairOf('con', 'mẹ'),
      form: 'luc-bat',
      length: 'short',
      year: 2027,
    } as const;
    const couplets = Array.from({ length: 60 }, () => {
      const [six, eight] = written(random, request).map(syllablesOf);
      return [six, eight] as const;
    });
    for (const { rule, text } of brokenOf(couplets))
      expect([...new Set(lucBatFaults(linesOf(text)).map((fault) => fault.rule))], text).toEqual([rule]);
  });

  it('sees which form a text has', () => {
    const [two, four] = [POEM.split('\n', 2).join('\n'), 'Một hai ba bốn năm sáu bảy\n'.repeat(4)];
    const seen = (text: string): string => {
      const { form, lines, around } = poemOf(text);
      return `${form} ${lines.length} ${around.map(({ number }) => number)}`;
    };
    for (const [text, expected] of [
      [POEM, 'luc-bat 4 '],
      ['Một câu văn xuôi thôi.', 'prose 1 '],
      ['Một câu văn xuôi có mười bốn âm tiết thì vẫn là văn xuôi.', 'prose 2 '],
      [four, 'four-lines 4 '],
      [`Mừng tuổi\n\n${four}\nCon Nam`, 'four-lines 4 1,8'],
      // As people paste them: in one line, with slashes, in couplets, lines apart, with title, poet, place and name around.
      [POEM.replaceAll('\n', ' '), 'luc-bat 4 '],
      [POEM.replaceAll('\n', ' / '), 'luc-bat 4 '],
      [POEM.replaceAll('\n', '\u2028'), 'luc-bat 4 '],
      [POEM.replaceAll('\n', '\r\n\r\n').normalize('NFD').toUpperCase(), 'luc-bat 4 '],
      [`MỪNG XUÂN\n\n${POEM}\n\nHà Nội, 2027\nNguyễn Văn Nam`, 'luc-bat 4 1,8,9'],
      [`Bài thơ mừng tuổi mẹ cha\n\n${POEM}\n\nCon của mẹ`, 'luc-bat 4 1,8'],
      [`Mừng xuân\n${POEM}`, 'luc-bat 4 1'],
      [`# Thơ\n\n> ${two.replace('\n', '\n> ')}`, 'luc-bat 2 1'],
      // A broken couplet apart is a broken couplet.
      [`${two.replace('yên vui', 'vui')}\n\n${POEM}`, 'luc-bat 6 '],
    ] as const)
      expect(seen(text), text).toBe(expected);
  });
});

describe('a card', () => {
  it('keeps every rule, of whatever pair, occasion, form and length', () => {
    const random = seededRandom(1);
    const kinds = FORMS.flatMap((form) =>
      OCCASIONS.flatMap((occasion) => LENGTHS.map((length) => ({ form, occasion, length }))),
    );
    for (const [at, kind] of kinds.entries()) {
      const request = { ...kind, pair: ALL_PAIRS[(at * 7) % ALL_PAIRS.length], year: 2027 };
      const text = written(random, request).join('\n');
      expect(cardFaults(text, request), JSON.stringify({ request, text })).toEqual([]);
    }
  });

  it.each([
    ['con', 'mẹ', 'Con chúc mẹ vui, em nhớ mẹ', ['em']],
    ['con', 'mẹ', 'Con đường về với mẹ, con cháu sum vầy, con chúc mẹ', []],
    ['em', 'thầy cô', 'Em kính chúc thầy cô; cháu xin cảm ơn', ['cháu']],
    ['mình', 'bạn', 'Mình chúc bạn; tôi vui', ['tôi']],
    ['con', 'bố', 'Con chúc bố tháng ba vui, ba ngày nghỉ', []],
    ['con', 'bố', 'Con chúc bố, con thương ba luôn', ['ba']],
    ['con', 'bố mẹ', 'Chúc bố mẹ vui', ['no con']],
  ])('%s → %s: %s', (self, you, text, found) =>
    expect(pronounFaults(text, pairOf(self, you)).map((fault) => fault.found)).toEqual(found),
  );

  it('refuses pairs that nobody says, other years, insults and what is personal', () => {
    expect(() => pairOf('con', 'bạn')).toThrow('from con to "bạn" is no pair');
    const facts = { form: 'prose', occasion: 'tet', year: 2027 } as const;
    const found = (text: string): string[] => cardFaults(text, facts).map((fault) => fault.rule);
    expect(found('Chúc xuân Đinh Mùi vui vẻ')).toEqual([]);
    expect(found('Chúc xuân Bính Ngọ vui vẻ')).toEqual(['can-chi']);
    expect(found('Chúc tết, xin phân ưu')).toEqual(['occasion']);
    expect(['đồ ngu', 'do ngu', 'Chó con', 'trời cho mưa'].map(insultIn)).toEqual(['ngu', 'ngu', undefined, undefined]);
    expect(personalIn('gọi 0912 345 678')).toBe('0912 345 678');
    expect(personalIn('năm 2027')).toBeUndefined();
  });
});

it('knows the lunar calendar of Vietnam, where it leaves that of China too', () => {
  expect([2027, 2026, 2024].map(canChiOf)).toEqual(['Đinh Mùi', 'Bính Ngọ', 'Giáp Thìn']);
  // China celebrated on 1985-02-20, 2007-02-18 and 1968-01-30.
  expect([1968, 1985, 2007, 2023, 2024, 2025, 2026, 2027, 2028].map(tetOf)).toEqual([
    ...[
      '1968-01-29',
      '1985-01-21',
      '2007-02-17',
      '2023-01-22',
      '2024-02-10',
      '2025-01-29',
      '2026-02-17',
      '2027-02-06',
      '2028-01-26',
    ],
  ]);
  const moon = { day: 15, month: 8, leap: false };
  expect([2023, 2025, 2026].map((year) => solarOf({ ...moon, year }))).toEqual([
    '2023-09-29',
    '2025-10-06',
    '2026-09-25',
  ]);
  expect(solarOf({ day: 1, month: 6, year: 2025, leap: true })).toBe('2025-07-25');
});

it('is drawn in five designs, in fonts that set every letter', async () => {
  const card = {
    heading: 'Chúc mừng <năm> mới',
    name: 'Lan & Minh',
    text: POEM,
    signed: 'Con',
    form: 'luc-bat',
    seed: 1,
  } as const;
  const drawn = DESIGNS.map((design) => pictureOf(card, design));
  for (const svg of drawn) {
    const lines = ['Chúc mừng <năm> mới', 'Lan & Minh', ...POEM.split('\n'), 'Con'];
    expect(parseXml(svg).join(' ')).toBe(lines.join(' ')); // the heading may stand in two
    expect(svg).toContain('viewBox="0 0 1080 1350"');
  }
  expect(pictureOf(card, 'dao')).toBe(drawn[0]);
  const { png, outlined } = await openRenderer();
  const picture = Buffer.from(png(drawn[4]));
  expect([picture.toString('latin1', 1, 4), picture.readUInt32BE(16), picture.readUInt32BE(20)]).toEqual([
    'PNG',
    1080,
    1350,
  ]);
  expect(outlined(drawn[4])).not.toContain('<text');
});

it('masks tokens so that whatever is drawn keeps the rules', async () => {
  const dir = temporaryFolder();
  await writeTokenizer(dir, 400);
  const tokenizer = await Tokenizer.load(dir);
  const vocabulary = new Vocabulary(tokenizer);
  const random = seededRandom(3);
  const lexicon = new Lexicon(syllablesOf(GLAD_SIX + GLAD_EIGHT));
  const walk = (from: State): string => {
    const ids: number[] = [];
    for (let state = from; !state.isEnd; ) {
      const allowed = [...vocabulary.allowed(state)];
      const [id, next] = allowed[Math.floor(random() * allowed.length)];
      ids.push(id);
      state = next;
    }
    return tokenizer.decode(ids);
  };
  const lines = ['Xuân về', 'Xuân sang', 'Tết'];
  for (let n = 0; n < 8; n++) expect(lines).toContain(walk(asTrie(lines)).replace(/\n$/, ''));
  for (let n = 0; n < 12; n++) {
    const six = walk(freeLine(lexicon, 6, soundOf('nhà')));
    const eight = walk(freeLine(lexicon, 8, soundOf(syllablesOf(six)[5])));
    expect(rules(six + eight), six + eight).toEqual([]);
  }
});
