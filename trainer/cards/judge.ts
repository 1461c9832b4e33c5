/** Is this a card? Each rule by itself, so that whoever proposes (a model, a hand) does not decide. */
import { CAN_CHI, canChiOf } from './calendar.ts';
import { insultIn, personalIn } from './insults.ts';
import type { Form, Length, OccasionName } from './names.ts';
import { GLAD_WORDS, headingOf, OCCASION, SAD_WORDS } from './occasions.ts';
import { poemOf } from './poem.ts';
import { type PronounPair, pronounFaults } from './pronouns.ts';
import { syllablesOf } from './prosody.ts';
import { quatrainFaults } from './quatrain.ts';
import { linesOf, lucBatFaults } from './verse.ts';

/** Lines of lục bát; syllables of prose, at least and at most. */
export const LUC_BAT_LINES: Readonly<Record<Length, number>> = { short: 4, medium: 6, long: 10 };
export const PROSE_SYLLABLES: Readonly<Record<Length, readonly [number, number]>> = {
  short: [15, 60],
  medium: [40, 110],
  long: [75, 180],
};

export const CARD_RULES = [
  ...[
    'syllables',
    'spelling',
    'tone',
    'rhyme',
    'pronouns',
    'occasion',
    'can-chi',
    'length',
    'repeated',
    'insult',
    'personal',
  ],
] as const;

/** A breach of one rule; lines count from 1, 0: the card as a whole. */
export interface CardFault {
  readonly rule: string;
  readonly line: number;
  readonly found: string;
  readonly expected: string;
  readonly syllable?: number;
  readonly licence?: string;
}

/** What is known of a card beside its text; of a poem by itself only its form. */
export interface CardFacts {
  readonly form: Form;
  readonly pair?: PronounPair;
  readonly occasion?: OccasionName;
  readonly year?: number;
  readonly length?: Length;
}

/** Every breach of the rules that the facts speak of. */
export function cardFaults(text: string, facts: CardFacts): CardFault[] {
  const { form, pair, occasion, year, length } = facts;
  const { lines } = poemOf(text, form);
  const heading = occasion === undefined ? '' : headingOf(occasion, year ?? 0);
  const faults: CardFault[] = [
    ...(form === 'luc-bat' ? lucBatFaults(lines) : form === 'four-lines' ? quatrainFaults(lines) : []),
    ...(pair === undefined ? [] : pronounFaults(text, pair)),
    ...(occasion === undefined ? [] : occasionFaults(`${heading}\n${text}`, occasion)),
    ...(year === undefined ? [] : yearFaults(`${heading}\n${text}`, year)),
    ...(length === undefined ? [] : lengthFaults(text, form, length)),
  ];
  const whole = (rule: string, found: string | undefined, expected: string): void => {
    if (found !== undefined) faults.push({ rule, line: 0, found, expected });
  };
  const written = lines.map(({ syllables }) => syllables.join(' '));
  whole(
    'repeated',
    written.find((line, at) => form !== 'prose' && written.indexOf(line) < at),
    'each line once',
  );
  whole('insult', insultIn(text), 'no insult');
  whole('personal', personalIn(text), 'nothing personal');
  return faults;
}

const holds = (all: string, words: string): boolean => all.includes(` ${words} `);

function occasionFaults(text: string, name: OccasionName): CardFault[] {
  const { words, mourning } = OCCASION[name];
  const all = ` ${syllablesOf(text).join(' ')} `;
  const faults: CardFault[] = [];
  if (!words.some((word) => holds(all, word)))
    faults.push({ rule: 'occasion', line: 0, found: `nothing of ${name}`, expected: `one of: ${words.join(', ')}` });
  const wrong = (mourning ? GLAD_WORDS : SAD_WORDS).find((word) => holds(all, word));
  if (wrong !== undefined)
    faults.push({
      rule: 'occasion',
      line: 0,
      found: wrong,
      expected: mourning ? 'nothing glad' : 'nothing of mourning',
    });
  return faults;
}

function yearFaults(text: string, year: number): CardFault[] {
  const all = ` ${syllablesOf(text).join(' ')} `;
  const expected = canChiOf(year);
  const other = CAN_CHI.find((name) => name !== expected && holds(all, name.toLowerCase()));
  return other === undefined ? [] : [{ rule: 'can-chi', line: 0, found: other, expected: `${expected} (${year})` }];
}

function lengthFaults(text: string, form: Form, length: Length): CardFault[] {
  const [least, most] =
    form === 'luc-bat'
      ? [LUC_BAT_LINES[length], LUC_BAT_LINES[length]]
      : form === 'four-lines'
        ? [4, 4]
        : PROSE_SYLLABLES[length];
  const count = form === 'prose' ? syllablesOf(text).length : linesOf(text).length;
  if (count >= least && count <= most) return [];
  const unit = form === 'prose' ? 'syllables' : 'lines';
  return [{ rule: 'length', line: 0, found: `${count} ${unit}`, expected: `${least} to ${most}` }];
}
