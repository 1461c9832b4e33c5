/** What the tests of this room share. */
import type { Measurements } from '../../cleaning/document.ts';
import { MEASUREMENTS } from '../../cleaning/document.ts';
import { identify, identifyParagraphs } from '../../cleaning/language.ts';
import { readParagraphs } from '../../cleaning/lexicon.ts';
import { measure } from '../../cleaning/measure.ts';

/** Every measurement of a text as it stands: nothing repaired, nothing masked. */
export function measurementsOf(text: string): Measurements {
  const { tokens, paragraphs } = readParagraphs(text);
  const language = identify(tokens, text);
  const { vietnameseFrac } = identifyParagraphs(tokens, paragraphs, text);
  return {
    ...(Object.fromEntries(MEASUREMENTS.map((name) => [name, 0])) as Record<keyof Measurements, number>),
    ...measure(text, tokens, language.diacritics === 'absent'),
    language_score: language.score,
    vietnamese_para_frac: vietnameseFrac,
  };
}
