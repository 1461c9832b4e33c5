/** What the tests of this room share. */
import type { Measurements } from '../../cleaning/document.ts';
import { MEASUREMENTS } from '../../cleaning/document.ts';
import { measure } from '../../cleaning/filters/measure.ts';
import { identify, identifyParagraphs } from '../../cleaning/vietnamese/language.ts';
import { readParagraphs } from '../../cleaning/vietnamese/lexicon.ts';

/** Every measurement of a text as it stands: nothing repaired, nothing masked. */
export function measurementsOf(text: string): Measurements {
  const { syllables, paragraphs } = readParagraphs(text);
  const language = identify(syllables, text);
  const { vietnameseFrac } = identifyParagraphs(syllables, paragraphs, text);
  return {
    ...(Object.fromEntries(MEASUREMENTS.map((name) => [name, 0])) as Record<keyof Measurements, number>),
    ...measure(text, syllables, language.diacritics === 'absent'),
    language_score: language.score,
    vietnamese_para_frac: vietnameseFrac,
  };
}

const SUBJECTS = [
  'bến đò',
  'lò gạch',
  'vườn quýt',
  'ruộng muối',
  'gánh chè',
  'trạm bơm',
  'xưởng mộc',
  'chợ nổi',
  'lớp học',
  'giàn bầu',
];
const VERBS = [
  'nằm im dưới nắng',
  'chưa kịp sửa lại',
  'đã đổi chủ ba lần',
  'vẫn đông người ghé',
  'lặng lẽ qua mùa mưa',
  'bị nước cuốn mất một góc',
];

/** Prose that only `seed` repeats: sentences of made-up combinations. */
export function story(seed: number, sentences = 12): string {
  let state = seed * 2654435761 + 1;
  const pick = <T>(list: readonly T[]): T => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return list[(state >>> 8) % list.length];
  };
  const names = ['ông Tư', 'bà Sáu', 'chị Hạnh', 'anh Lâm', 'thằng Cò', 'cô giáo', 'người thợ già', 'hai đứa nhỏ'];
  return Array.from(
    { length: sentences },
    () =>
      `Năm ấy ${pick(SUBJECTS)} của ${pick(names)} ${pick(VERBS)}, còn ${pick(names)} thì nói rằng ${pick(SUBJECTS)} bên kia sông ${pick(VERBS)}.`,
  ).join(' ');
}
