/** Cards for the page of `vua inspect`: written by rule and chance, drawn in every design. */
import { badInput } from '../../crawlers/shell/errors.ts';
import { seededRandom } from '../../shards/checksum.ts';
import type { CardRequest } from '../../shards/inspector/shapes.ts';
import { checkNames, writeCard } from './cards.ts';
import { DESIGN_OF } from './designs.ts';
import { DESIGNS, FORMS, LENGTHS, MOODS, OCCASIONS } from './names.ts';
import { headingOf, nextYear } from './occasions.ts';
import { pictureOf } from './picture.ts';
import { PAIRS, pairOf } from './pronouns.ts';
import { byChance } from './writer.ts';

const oneOf = <T extends string>(known: readonly T[], wanted: string, what: string): T => {
  const found = known.find((each) => each === wanted);
  if (found !== undefined) return found;
  throw badInput('BAD_OPTION', `card: ${what} ${JSON.stringify(wanted)}, expected one of ${known.join(', ')}`);
};

async function write({ name, signed, ...asked }: CardRequest) {
  checkNames({ name, signed });
  const occasion = oneOf(OCCASIONS, asked.occasion, 'occasion');
  const year = nextYear(occasion, new Date().toISOString().slice(0, 10));
  const request = {
    ...{ occasion, year, pair: pairOf(asked.from, asked.to), form: oneOf(FORMS, asked.form, 'form') },
    ...{ length: oneOf(LENGTHS, asked.length, 'length'), mood: oneOf(MOODS, asked.tone, 'tone') },
  };
  // Seeds beside each other give cards that differ from the first word on.
  const seed = Math.floor(seededRandom(asked.seed)() * 2 ** 32);
  const how = { ...request, name, signed, seed, count: 1, temperature: 1, words: 'phrases', adapter: 'auto' } as const;
  return await writeCard(how, byChance(), undefined, new Set());
}

export const gallery = {
  choices: {
    occasions: OCCASIONS.map((name) => ({ name, heading: headingOf(name, 2027), design: DESIGN_OF[name] })),
    pairs: PAIRS,
    ...{ forms: FORMS, lengths: LENGTHS, tones: MOODS, designs: DESIGNS },
  },
  write,
  picture: async (asked: CardRequest, design: string): Promise<string> =>
    pictureOf(await write(asked), oneOf(DESIGNS, design, 'design')),
};
