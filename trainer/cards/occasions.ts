/** What a card is for: how it is called, when it is, what it must and must not say, and its lines. */
import * as prose from './bank/prose.ts';
import * as quatrain from './bank/quatrain.ts';
import * as verse from './bank/verse.ts';
import { canChiOf, solarOf, tetOf } from './calendar.ts';
import type { OccasionName } from './names.ts';

export interface Occasion {
  /** On the card, without its year. */
  readonly heading: string;
  /** Folded syllables of which a card says one run, in its heading or its text. */
  readonly words: readonly string[];
  readonly mourning: boolean;
  /** Its day in a year, where it has one. */
  readonly day?: (year: number) => string;
  readonly six: string;
  readonly eight: string;
  /** Third lines of four. */
  readonly three: string;
  readonly sentences: string;
}

const fixed =
  (monthDay: string) =>
  (year: number): string =>
    `${year}-${monthDay}`;

export const OCCASION: Readonly<Record<OccasionName, Occasion>> = {
  tet: {
    heading: 'Chúc mừng năm mới',
    words: ['năm mới', 'xuân', 'tết', 'tân niên', 'giao thừa'],
    mourning: false,
    day: tetOf,
    ...{ six: verse.TET_SIX, eight: verse.TET_EIGHT, three: quatrain.TET_THREE, sentences: prose.TET },
  },
  '8-3': {
    heading: 'Mừng ngày 8 tháng 3',
    words: ['tháng 3', 'tháng ba', 'phụ nữ'],
    mourning: false,
    day: fixed('03-08'),
    ...{ six: verse.WOMEN_SIX, eight: verse.WOMEN_EIGHT, three: quatrain.WOMEN_THREE, sentences: prose.WOMEN_3 },
  },
  '20-10': {
    heading: 'Mừng ngày Phụ nữ Việt Nam 20 tháng 10',
    words: ['phụ nữ', 'tháng 10', 'tháng mười'],
    mourning: false,
    day: fixed('10-20'),
    ...{ six: verse.WOMEN_SIX, eight: verse.WOMEN_EIGHT, three: quatrain.WOMEN_THREE, sentences: prose.WOMEN_10 },
  },
  '20-11': {
    heading: 'Mừng ngày Nhà giáo Việt Nam 20 tháng 11',
    words: ['nhà giáo', 'tháng 11', 'tháng mười một'],
    mourning: false,
    day: fixed('11-20'),
    ...{
      ...{ six: verse.TEACHERS_SIX, eight: verse.TEACHERS_EIGHT },
      ...{ three: quatrain.TEACHERS_THREE, sentences: prose.TEACHERS },
    },
  },
  'trung-thu': {
    heading: 'Chúc mừng Trung thu',
    words: ['trung thu', 'trăng rằm', 'đêm rằm', 'tháng tám'],
    mourning: false,
    day: (year) => solarOf({ day: 15, month: 8, year, leap: false }),
    ...{ six: verse.MOON_SIX, eight: verse.MOON_EIGHT, three: quatrain.MOON_THREE, sentences: prose.MOON },
  },
  'sinh-nhat': {
    heading: 'Chúc mừng sinh nhật',
    words: ['sinh nhật', 'ngày sinh', 'tuổi mới', 'mừng tuổi'],
    mourning: false,
    ...{
      ...{ six: verse.BIRTHDAY_SIX, eight: verse.BIRTHDAY_EIGHT },
      ...{ three: quatrain.BIRTHDAY_THREE, sentences: prose.BIRTHDAY },
    },
  },
  cuoi: {
    heading: 'Mừng ngày cưới',
    words: ['cưới', 'trăm năm', 'hạnh phúc', 'se duyên', 'tân hôn'],
    mourning: false,
    ...{ six: verse.WEDDING_SIX, eight: verse.WEDDING_EIGHT },
    ...{ three: quatrain.WEDDING_THREE, sentences: prose.WEDDING },
  },
  'chia-buon': {
    heading: 'Thành kính phân ưu',
    words: ['phân ưu', 'chia buồn', 'thương tiếc', 'tưởng nhớ'],
    mourning: true,
    ...{ six: verse.MOURNING_SIX, eight: verse.MOURNING_EIGHT },
    ...{ three: quatrain.MOURNING_THREE, sentences: prose.MOURNING },
  },
};

/** What no card of mourning says. */
export const GLAD_WORDS: readonly string[] = [
  ...['chúc mừng', 'mừng', 'vui', 'hân hoan', 'hạnh phúc', 'rộn rã', 'tưng bừng', 'ăn mừng', 'tiệc', 'thịnh vượng'],
];
/** What only a card of mourning says. */
export const SAD_WORDS: readonly string[] = [
  ...[
    'chia buồn',
    'phân ưu',
    'thương tiếc',
    'tiễn biệt',
    'hương linh',
    'suối vàng',
    'siêu thoát',
    'yên nghỉ',
    'người đã khuất',
  ],
];

/** Heading of a card, with its year where the occasion is a new one: `Chúc mừng năm mới Đinh Mùi 2027`. */
export const headingOf = (name: OccasionName, year: number): string =>
  name === 'tet' ? `${OCCASION[name].heading} ${canChiOf(year)} ${year}` : OCCASION[name].heading;

/** The year of the occasion that is next after a day (`2026-11-30`); of a birthday that of the day itself. */
export function nextYear(name: OccasionName, today: string): number {
  const year = Number(today.slice(0, 4));
  const { day } = OCCASION[name];
  return day !== undefined && day(year) < today ? year + 1 : year;
}
