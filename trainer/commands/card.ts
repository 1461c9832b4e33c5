import { z } from 'zod';
import { defineCommand, INTERRUPTED } from '../../crawlers/shell/command.ts';
import { badInput } from '../../crawlers/shell/errors.ts';
import { DESIGNS, FORMS, LENGTHS, MOODS, OCCASIONS } from '../cards/names.ts';
import { adapterOption } from '../gpu/choice.ts';
import { MAX_SEED } from '../run/recipe-options.ts';

/** Cards that are printed beside their files, at most. */
const SHOWN = 3;

export const cardCommand = defineCommand({
  name: 'card',
  summary: 'greeting cards: a model writes along masks for pronouns, syllables, tones and rhymes, checkers decide',
  examples: [
    'vua card --occasion tet --from con --to "bố mẹ"',
    'vua card --occasion 20-11 --from em --to "thầy cô" --form four-lines --checkpoint vua-out/model --out thiep --png',
    'vua card --occasion sinh-nhat --from mình --to bạn --form prose --name Lan --count 20 --json',
  ],
  options: z.object({
    occasion: z.enum(OCCASIONS).default('tet').describe('what it is for: a feast, a birthday, a wedding, a loss'),
    from: z.string().describe('how the writer says I: con, cháu, em, mình, tôi, …'),
    to: z.string().describe('how the reader is called: bố mẹ, ông bà, thầy cô, bạn, quý vị, …'),
    form: z.enum(FORMS).default('luc-bat').describe('lines of six and eight; four lines of seven; sentences'),
    length: z.enum(LENGTHS).default('short').describe('4, 6 or 10 lines; about 40, 70 or 110 syllables'),
    tone: z.enum(MOODS).default('any').describe('how it sounds: lines that do are taken first'),
    name: z.string().default('').describe('name of the reader, on the card alone'),
    signed: z.string().default('').describe('name of the writer, on the card alone'),
    year: z.int().min(1900).max(2199).optional().describe('year of the feast; default: the next'),
    words: z
      .enum(['phrases', 'free'])
      .default('phrases')
      .describe(
        'lines written by hand, which the model chooses; or its own behind the first two (try it with a large one)',
      ),
    checkpoint: z.string().optional().describe('model that chooses; default: vua-out/model where it is, else chance'),
    documents: z
      .string()
      .optional()
      .describe('documents that no card may repeat; default: vua-out/documents where they are'),
    out: z.string().optional().describe('folder to write: cards.jsonl, and each card as SVG'),
    png: z
      .boolean()
      .default(false)
      .describe('with --out: as PNG too, and SVG in outlines (fetches resvg and two fonts once, 8 MB)'),
    design: z.enum(DESIGNS).optional().describe('with --out: peach, apricot, lotus, moon, paper; default: by occasion'),
    count: z.int().min(1).max(100_000).default(1).describe('cards, with the seeds --seed, --seed + 1, …'),
    temperature: z.number().min(0).default(0.8).describe('0 takes the likeliest token each time'),
    seed: z.int().min(0).max(MAX_SEED).default(1).describe('seed of the draws'),
    adapter: adapterOption,
  }),
  async run({ from, to, tone, checkpoint, documents, year, out, png, design, ...options }, work) {
    const { foundAt, writeCards } = await import('../cards/cards.ts');
    const { nextYear } = await import('../cards/occasions.ts');
    const { pairOf } = await import('../cards/pronouns.ts');
    const { report, signal } = work;
    const cards = await writeCards(
      {
        ...options,
        mood: tone,
        pair: pairOf(from, to),
        year: year ?? nextYear(options.occasion, new Date().toISOString().slice(0, 10)),
        checkpoint: checkpoint ?? foundAt('vua-out/model'),
        documents: documents ?? foundAt('vua-out/documents'),
      },
      work,
    );
    if (out === undefined && (png || design !== undefined))
      throw badInput('BAD_OPTION', 'card: --png and --design make pictures, expected --out as well');
    if (out !== undefined) {
      const { writePictures } = await import('../cards/write-pictures.ts');
      await writePictures(out, cards, { png, design }, signal);
    }
    for (const card of out !== undefined && cards.length > SHOWN ? [] : cards) {
      const { heading, name, text, signed } = card;
      report.result(`${[heading, name, text, signed].filter(Boolean).join('\n\n')}\n`, { event: 'card', ...card });
    }
    if (out !== undefined) report.note(`${cards.length} cards in ${out}`);
    if (cards.length < options.count && !signal.aborted)
      report.note(`${options.count - cards.length} cards were left out: a run of 14 syllables stands in the documents`);
    return signal.aborted ? INTERRUPTED : undefined;
  },
});
