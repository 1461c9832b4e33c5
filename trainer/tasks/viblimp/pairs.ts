/**
 * ViBLiMP: minimal pairs of Vietnamese sentences, one that a speaker accepts and one that none does, after BLiMP (Warstadt et
 * al. 2020). They make themselves from the lexicon by rule, the same from the same seed. Both sentences of a pair have the
 * same words in another order, or one word for another; words stand for each other in both directions equally often, so
 * that a model which knows nothing but lengths and frequencies is right in one half.
 */
import { seededRandom } from '../../../shards/checksum.ts';
import * as lexicon from './lexicon.ts';
import { TONES } from './tones.ts';

export interface Pair {
  readonly phenomenon: Phenomenon;
  readonly good: string;
  readonly bad: string;
  /** The same of pairs that mirror each other. */
  readonly draw: number;
}

type Choose = <T>(list: readonly T[]) => T;
/** Pairs of one draw: all of them, so that what is mirrored stays together. */
type Rule = (choose: Choose) => readonly (readonly [good: string, bad: string])[];

const { ADJECTIVES, CAUSES, DEMONSTRATIVES, DOINGS, GLAD, GREATER, IDENTITIES, NAMES, NOUNS, NUMBERS, OFTEN, PEOPLE } =
  lexicon;
const { MANNERS, PLACES, QUALITIES, REDUPLICATIONS, REMARKS, SEES, SORRY, VERBS } = lexicon;

const sentence = (...words: readonly string[]): string => {
  const text = words.join(' ').replace(/ ([.,?])/g, '$1');
  return `${text[0].toUpperCase()}${text.slice(1)}${/[.?]$/.test(text) ? '' : '.'}`;
};
/** What is said with words in two orders; both go on alike. */
const ordered = (good: readonly string[], bad: readonly string[], more: readonly string[] = []): [string, string][] => [
  [sentence(...good, ...more), sentence(...bad, ...more)],
];
/** One of what sentences may go on with; now and then nothing. */
const oneOf = (choose: Choose, list: readonly string[]): readonly string[] => {
  const more = [choose(list)];
  return choose([more, more, more, []]);
};
/** A frame with a place that wants `one`, and a frame that wants `other`. */
const mirrored = (frame: string, one: string, frameOther: string, other: string): [string, string][] => [
  [sentence(frame.replace('_', one)), sentence(frame.replace('_', other))],
  [sentence(frameOther.replace('_', other)), sentence(frameOther.replace('_', one))],
];

/** Classifiers neither of which stands before the other's nouns, in any dialect or slang. */
const STRANGERS = [
  ...['cái', 'quyển', 'quả', 'tờ', 'bức', 'ngôi'].map((other) => ['con', other] as const),
  ...([
    ['quyển', 'quả'],
    ['quyển', 'ngôi'],
    ['tờ', 'ngôi'],
    ['bức', 'ngôi'],
    ['quả', 'tờ'],
  ] as const),
];
const COUNTED = ['con', 'cái', 'quả', 'tờ', 'bức', 'ngôi'];
const acts = (classifier: string): readonly string[] => VERBS[classifier].filter((verb) => !verb.startsWith('rất'));
const halves = (doing: string): [string, string] => [doing.split(' ')[0], doing.split(' ').slice(1).join(' ')];

/** Who speaks to whom: with respect, and among those who say mày. */
const RESPECT = ['em thầy', 'em cô', 'cháu ông', 'cháu bà', 'cháu bác', 'cháu chú', 'con bố', 'con mẹ'].map((pair) =>
  pair.split(' '),
);
const [TO_ELDERS, TO_PEERS] = [
  [
    'Thưa OTHER, SELF chưa hiểu, _ giảng lại giúp SELF ạ.',
    'SELF chào OTHER, SELF mời _ vào nhà ạ.',
    'Thưa OTHER, SELF mời _ uống nước ạ.',
    'SELF xin phép OTHER, _ cho SELF về trước ạ.',
    'SELF thưa OTHER, _ chờ SELF một lát ạ.',
  ],
  [
    'Mày nghe tao nói đây, _ đừng khóc nữa.',
    'Tao bảo mày này, _ hãy về nhà ngay đi.',
    'Tao nhắc mày lần cuối, _ đừng đến muộn nữa.',
    'Tao dặn mày rồi đấy, _ đừng có quên.',
    'Tao xin mày đấy, _ đừng nói với ai.',
  ],
];
const [OF_SELF_TO_ELDERS, OF_SELF_TO_PEERS] = [
  [
    'SELF thưa OTHER, _ làm xong bài rồi ạ.',
    'SELF chào OTHER, _ đi học đây ạ.',
    'SELF xin lỗi OTHER, _ không dám nữa ạ.',
  ],
  ['Tao đã bảo mày rồi, _ không đi đâu.', 'Mày cứ chờ tao, _ đến ngay đây.', 'Tao không thích mày nữa, _ về đây.'],
];

const RULES = {
  classifier: (choose) => {
    const [one, other] = choose(STRANGERS);
    const [who, sees] = [choose(PEOPLE), choose(SEES)];
    const frame = (classifier: string): string => `${who} ${sees} một _ ${choose(NOUNS[classifier])}`;
    return mirrored(frame(one), one, frame(other), other);
  },
  numeral: (choose) => {
    const classifier = choose(COUNTED);
    const [who, sees, noun, number] = [choose(PEOPLE), choose(SEES), choose(NOUNS[classifier]), choose(NUMBERS)];
    return ordered([who, sees, number, classifier, noun], [who, sees, classifier, number, noun], oneOf(choose, PLACES));
  },
  adjective: (choose) => {
    const classifier = choose(Object.keys(ADJECTIVES));
    const start = [choose(PEOPLE), choose(acts(classifier)), 'một', classifier];
    const [noun, adjective] = [choose(NOUNS[classifier]), choose(ADJECTIVES[classifier])];
    return ordered([...start, noun, adjective], [...start, adjective, noun], oneOf(choose, PLACES));
  },
  demonstrative: (choose) => {
    const classifier = choose(Object.keys(NOUNS));
    const start = [choose(PEOPLE), choose(VERBS[classifier])];
    const [noun, which] = [choose(NOUNS[classifier]), choose(DEMONSTRATIVES)];
    return ordered([...start, classifier, noun, which], [...start, which, classifier, noun], oneOf(choose, PLACES));
  },
  plural: (choose) => {
    const classifier = choose(COUNTED.concat('quyển'));
    const start = [choose(PEOPLE), choose(VERBS[classifier])];
    const [many, noun, which] = [
      choose(classifier === 'cái' || classifier === 'quả' ? ['những', 'mấy'] : ['những', 'các', 'mấy']),
      choose(NOUNS[classifier]),
      choose(DEMONSTRATIVES),
    ];
    return ordered(
      [...start, many, classifier, noun, which],
      [...start, classifier, many, noun, which],
      oneOf(choose, PLACES),
    );
  },
  tone: (choose) => {
    const [one, frames, other, otherFrames] = choose(TONES);
    return mirrored(choose(frames), one, choose(otherFrames), other);
  },
  pronoun: (choose) => {
    const [self, other] = choose(RESPECT);
    const named = (frame: string): string => frame.replaceAll('SELF', self).replaceAll('OTHER', other);
    return choose([0, 1, 2]) > 0
      ? mirrored(named(choose(TO_ELDERS)), other, choose(TO_PEERS), 'mày')
      : mirrored(named(choose(OF_SELF_TO_ELDERS)), self, choose(OF_SELF_TO_PEERS), 'tao');
  },
  question: (choose) => {
    const who = choose(['Bạn', 'Anh', 'Chị', 'Em', ...NAMES]);
    // Not of what one may come to: in the south có hiểu chưa, có nhớ chưa are asked.
    const state = choose([
      ...IDENTITIES.map((what) => `có phải là ${what}`),
      ...DOINGS.map((doing) => `có ${choose(OFTEN)} ${doing}`),
    ]);
    const done = choose(['đã bao giờ đến Huế', 'đã bao giờ đi máy bay', ...DOINGS.map((doing) => `đã ${doing}`)]);
    return mirrored(`${who} ${state} _?`, 'không', `${who} ${done} _?`, 'chưa');
  },
  negation: (choose) => {
    const [verb, object] = halves(choose(DOINGS));
    const [when, who, no] = [
      choose(['Hôm nay', 'Sáng nay', 'Tối nay', 'Chiều nay']),
      choose(PEOPLE),
      choose(['không', 'chưa', 'chẳng']),
    ];
    return ordered([when, lower(who), no, verb, object], [when, lower(who), verb, no, object], oneOf(choose, MANNERS));
  },
  aspect: (choose) => {
    const [verb, object] = halves(choose(DOINGS));
    const [who, when] = [choose(PEOPLE), choose(['đang', 'đã', 'sẽ', 'sắp', 'vẫn'])];
    return ordered([who, when, verb, object], [who, verb, when, object], oneOf(choose, MANNERS));
  },
  passive: (choose) => {
    const frame = (what: string): string =>
      `${choose(['Nó', 'Em trai tôi', 'Con gái tôi', 'Bạn tôi', ...NAMES])} _ ${what}`;
    return mirrored(frame(choose(GLAD)), 'được', frame(choose(SORRY)), 'bị');
  },
  reduplication: (choose) => {
    const [adjective, doubled, frames] = choose(REDUPLICATIONS);
    const frame = choose(frames);
    const reversed = `${adjective} ${doubled.split(' ')[0]}`;
    const said = (words: string): string =>
      sentence(frame.includes('_') ? frame.replace('_', words) : `${frame} ${words}`);
    return [[said(doubled), said(reversed)]];
  },
  comparison: (choose) => {
    const [greater, lesser, adjective] = choose(GREATER);
    const name = choose(NAMES);
    const [quality, place] = choose([
      ['cao', 'lớp'],
      ['trẻ', 'nhà'],
      ['giỏi', 'trường'],
      ['khỏe', 'làng'],
      ['nhanh', 'đội'],
      ['đẹp', 'xóm'],
    ]);
    return choose([
      ordered([greater, adjective, 'hơn', lesser], [greater, 'hơn', adjective, lesser]),
      ordered([lesser, 'không', adjective, 'bằng', greater], [lesser, 'không', 'bằng', adjective, greater]),
      ordered([name, quality, 'nhất', place], [name, 'nhất', quality, place]),
    ]);
  },
  conjunction: (choose) => {
    const [why, therefore] = choose(CAUSES);
    const [though, , still] = choose(CAUSES);
    return mirrored(
      `${choose(['Vì', 'Bởi vì', 'Do'])} ${why} _ ${therefore}`,
      'nên',
      `${choose(['Tuy', 'Mặc dù', 'Dù'])} ${though} _ ${still}`,
      'nhưng',
    );
  },
  degree: (choose) => {
    const [what, qualities] = choose(QUALITIES);
    const quality = choose(qualities);
    const very = choose(['rất', 'khá']);
    const more = oneOf(choose, REMARKS);
    return choose([
      ordered([what, very, quality], [what, quality, very], more),
      ordered([what, quality, 'lắm'], [what, 'lắm', quality], more),
    ]);
  },
} as const satisfies Record<string, Rule>;

export type Phenomenon = keyof typeof RULES;
export const PHENOMENA = Object.keys(RULES) as readonly Phenomenon[];

/** Within a sentence. */
const lower = (who: string): string => who[0].toLowerCase() + who.slice(1);

/** Pairs of each phenomenon, at most: those of few words have fewer. */
export const PAIRS_EACH = 220;

/** The same from the same seed; no sentence stands in two pairs of a phenomenon as its good one with the same bad one. */
export function minimalPairs(seed: number, each = PAIRS_EACH): Pair[] {
  return PHENOMENA.flatMap((phenomenon, i) => {
    const random = seededRandom(seed * 1000 + i);
    const choose: Choose = (list) => list[Math.floor(random() * list.length)];
    const found = new Map<string, Pair>();
    for (let draw = 0; draw < 30 * each && found.size < each; draw++) {
      const pairs = RULES[phenomenon](choose);
      // Mirrored ones come and go together.
      if (pairs.some(([good, bad]) => found.has(`${good}|${bad}`))) continue;
      for (const [good, bad] of pairs) found.set(`${good}|${bad}`, { phenomenon, good, bad, draw });
    }
    return [...found.values()];
  });
}
