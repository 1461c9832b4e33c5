/**
 * Who writes to whom decides the pair of pronouns: con – bố mẹ, cháu – ông bà, em – thầy cô. A card keeps its pair
 * from the first word to the last; a word of another pair is a mix, unless it stands in a word where it addresses nobody
 * (con đường, bác sĩ, một mình).
 */
import { badInput } from '../../crawlers/shell/errors.ts';
import { syllablesOf } from './prosody.ts';

const list = (words: string): readonly string[] => words.split(', ');

/** How a writer says I, and whom that word goes with. */
export const PAIRS: Readonly<Record<string, readonly string[]>> = {
  con: list(
    'bố, mẹ, bố mẹ, cha, cha mẹ, ba, má, ba má, ba mẹ, thầy, cô, thầy cô, ông, bà, ông bà, bác, dì, nội, ngoại',
  ),
  'chúng con': list('bố, mẹ, bố mẹ, cha mẹ, ba má, ba mẹ, ông, bà, ông bà, thầy, cô, thầy cô'),
  cháu: list(
    'ông, bà, ông bà, cô, chú, bác, cậu, mợ, dì, dượng, thím, cô chú, hai bác, ông nội, bà nội, ông ngoại, bà ngoại',
  ),
  'chúng cháu': list('ông, bà, ông bà, cô, chú, bác, cậu, mợ, dì, cô chú, hai bác'),
  em: list('thầy, cô, thầy cô, anh, chị, anh chị'),
  'chúng em': list('thầy, cô, thầy cô, anh, chị, anh chị'),
  anh: list('em, các em'),
  chị: list('em, các em'),
  'anh chị': list('em, các em, hai em'),
  thầy: list('em, các em, con'),
  cô: list('em, các em, con, cháu'),
  bố: list('con'),
  mẹ: list('con'),
  'bố mẹ': list('con, hai con, các con'),
  ba: list('con'),
  má: list('con'),
  ông: list('cháu, con'),
  bà: list('cháu, con'),
  'ông bà': list('cháu, các cháu, con'),
  chú: list('cháu'),
  bác: list('cháu'),
  dì: list('cháu, con'),
  cậu: list('cháu'),
  mình: list('bạn, các bạn, cậu'),
  tớ: list('cậu, bạn, các cậu'),
  tôi: list('bạn, các bạn, anh, chị, anh chị, ông, bà, ông bà, quý vị'),
  'chúng tôi': list('quý vị, quý khách, anh chị, ông bà, các bạn, bạn'),
};

export interface PronounPair {
  /** How the writer says I. */
  readonly self: string;
  /** How the reader is addressed. */
  readonly you: string;
}

/** Every pair there is, `con → bố mẹ`. */
export const ALL_PAIRS: readonly PronounPair[] = Object.entries(PAIRS).flatMap(([self, others]) =>
  others.map((you) => ({ self, you })),
);

/** @throws ToolkitError BAD_OPTION (exit 2): nobody writes so */
export function pairOf(self: string, you: string): PronounPair {
  const [from, to] = [self, you].map((word) => word.normalize('NFC').trim().toLowerCase());
  const others = PAIRS[from];
  if (others?.includes(to)) return { self: from, you: to };
  const fact = others === undefined ? `from ${JSON.stringify(self)}` : `from ${from} to ${JSON.stringify(you)}`;
  const allowed = others ?? Object.keys(PAIRS);
  throw badInput('BAD_OPTION', `card: ${fact} is no pair of pronouns`, `one of: ${allowed.join(', ')}`);
}

/** Words that say I or you in some pair; of two syllables by both. */
const PERSONS = new Set(
  ALL_PAIRS.flatMap(({ self, you }) => [self, you])
    .flatMap((word) => word.split(' '))
    .filter((word) => !['chúng', 'các', 'hai', 'quý', 'vị', 'khách', 'nội', 'ngoại'].includes(word))
    .concat(['tao', 'mày', 'mợ', 'thím', 'tía']),
);
/** Words that are oftener another (three, cheek): persons only beside what one says to a person. */
const SELDOM = new Set(['ba', 'má']);
const BEFORE_PERSON = new Set(
  list('chúc, thưa, kính, mừng, gửi, tặng, của, yêu, thương, nhớ, ơn, biếu, dâng, dạ, xin, mong, cầu, hai'),
);
const BEHIND_PERSON = new Set(list('ơi, ạ, mẹ, má, yêu, luôn, hãy, kính'));

/** Where such a word addresses nobody: itself with a syllable before (`_` stands for it) or behind. */
const ELSEWHERE = new Set(
  list(
    'con đường, con người, con số, con cái, con cháu, con giáp, con tim, con chữ, con thuyền, con tàu, con đò, con sông, ' +
      'con trai, con gái, con trẻ, con thơ, con nước, con sóng, con phố, con ngõ, con dê, con mèo, con hổ, con rồng, con ngựa, con trâu, ' +
      'con chim, con vật, con mắt, con nhà, trẻ con, cỏn con, bà con, cháu con, con dâu, con rể, con cưng, vợ con, ' +
      'trẻ em, em bé, em nhỏ, anh em, chị em, đàn em, đàn anh, anh hùng, anh hào, anh tài, anh minh, anh dũng, tinh anh, anh đào, nước anh, tiếng anh, ' +
      'ông cha, cha ông, ông trời, ông đồ, ông táo, ông công, ông trăng, ông tổ, ông bụt, tổ ông, bà mụ, bà tiên, bà chúa, bà nguyệt, ông nguyệt, ông tơ, bà tơ, ' +
      'cô đơn, cô giáo, cô dâu, cô gái, cô tiên, cô đọng, cô độc, chú ý, chú rể, chú trọng, ghi chú, chú thích, chú mèo, chú cuội, chú tâm, chú dê, ' +
      'bác sĩ, bác sỹ, bác ái, uyên bác, phản bác, thông bác, bác bỏ, quảng bác, bác học, bạn bè, bạn đời, bạn đường, bạn học, bạn hữu, kết bạn, tình bạn, ' +
      'người bạn, bầu bạn, bè bạn, đôi bạn, một mình, chính mình, tự mình, thân mình, giật mình, cựa mình, quên mình, mình mẩy, hết mình, ' +
      'riêng mình, tôi luyện, bề tôi, tôi rèn, thầy thuốc, thầy đồ, thầy giáo, bậc thầy, đầy tớ, tháng ba, thứ ba, cậu bé, cậu ấm, dì ghẻ, má hồng, ' +
      'má đào, đất mẹ, tiếng mẹ, mẹ đẻ, quê mẹ, mẹ tròn, con vuông',
  ),
);

/** A word of persons in a text that is not of the pair, and the line it stands in (from 1). */
export interface PronounFault {
  readonly rule: 'pronouns';
  readonly line: number;
  readonly found: string;
  readonly expected: string;
}

/** Words of other pairs; and where `wholly`, a pair of which one side is missing. */
export function pronounFaults(text: string, { self, you }: PronounPair, wholly = true): PronounFault[] {
  const own = new Set([...self.split(' '), ...you.split(' ')]);
  const expected = `${self} – ${you}`;
  const faults: PronounFault[] = [];
  for (const { word, line } of personsIn(text)) {
    if (!own.has(word)) faults.push({ rule: 'pronouns', line, found: word, expected });
  }
  const all = ` ${syllablesOf(text).join(' ')} `;
  for (const side of wholly ? [self, you] : []) {
    if (!all.includes(` ${side} `)) faults.push({ rule: 'pronouns', line: 0, found: `no ${side}`, expected });
  }
  return faults;
}

/** Every word of a text that says I or you. */
export function* personsIn(text: string): Generator<{ readonly word: string; readonly line: number }> {
  for (const [at, line] of text.split('\n').entries()) {
    const syllables = syllablesOf(line);
    for (const [place, word] of syllables.entries()) {
      if (!PERSONS.has(word)) continue;
      if (SELDOM.has(word) && !BEFORE_PERSON.has(syllables[place - 1]) && !BEHIND_PERSON.has(syllables[place + 1]))
        continue;
      const beside = [`${syllables[place - 1]} ${word}`, `${word} ${syllables[place + 1]}`];
      if (!beside.some((pair) => ELSEWHERE.has(pair))) yield { word, line: at + 1 };
    }
  }
}

/** Pairs that a text of unknown writer keeps to: two words or fewer of persons, of one pair. */
export function pairIn(text: string): PronounPair | undefined {
  const words = new Set([...personsIn(text)].map(({ word }) => word));
  const fitting = ALL_PAIRS.filter(({ self, you }) => {
    const own = new Set([...self.split(' '), ...you.split(' ')]);
    return [...words].every((word) => own.has(word));
  });
  return fitting.sort((a, b) => a.self.length + a.you.length - b.self.length - b.you.length)[0];
}
