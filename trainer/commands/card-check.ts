import { z } from 'zod';
import { defineCommand, NOT_VERIFIED } from '../../crawlers/shell/command.ts';
import { FORMS, OCCASIONS } from '../cards/names.ts';

/** Faults of one file that a terminal shows. */
const SHOWN = 40;

export const cardCheckCommand = defineCommand({
  name: 'card check',
  summary: 'judge a poem or cards: syllables, tones and rhymes of lục bát, pronouns, occasion; each breach by its rule',
  examples: [
    'vua card check thiep/cards.jsonl',
    'vua card check bai-tho.txt',
    'vua card check tho.txt --form luc-bat --json',
  ],
  positional: 'files',
  options: z.object({
    files: z.array(z.string()).min(1).describe('poems as text, or cards.jsonl'),
    form: z.enum(FORMS).optional().describe('of a poem; default: what it looks like'),
    from: z.string().optional().describe('with --to: the pair of pronouns that it keeps to'),
    to: z.string().optional().describe('with --from: the pair of pronouns that it keeps to'),
    occasion: z.enum(OCCASIONS).optional().describe('what it is for'),
    year: z.int().min(1900).max(2199).optional().describe('year whose can-chi it may name'),
  }),
  async run({ files, from, to, form, ...others }, { report }) {
    const { judgeFile } = await import('../cards/check.ts');
    const { pairOf } = await import('../cards/pronouns.ts');
    const pair = from === undefined && to === undefined ? {} : { pair: pairOf(from ?? '', to ?? '') };
    const given = Object.fromEntries(
      Object.entries({ form, ...others, ...pair }).filter(([, value]) => value !== undefined),
    );
    let refused = false;
    for (const file of files) {
      const judged = judgeFile(file, given);
      const faults = judged.flatMap(({ card, faults }) => faults.map((fault) => ({ card, ...fault })));
      refused ||= faults.length > 0;
      const sum = (key: 'units' | 'accepted'): number => judged.reduce((total, each) => total + each[key], 0);
      const lines = faults.slice(0, SHOWN).map(({ card, line, syllable, rule, found, expected, licence }) => {
        const place = [card && `card ${card}`, line > 0 && `line ${line}`, syllable && `syllable ${syllable}`];
        return `  ${[...place.filter(Boolean), rule].join(', ')}: ${found}; expected ${expected}${licence ? ` (${licence})` : ''}`;
      });
      if (faults.length > SHOWN) lines.push(`  and ${faults.length - SHOWN} more (--json has all)`);
      const forms = [...new Set(judged.map(({ form }) => form))].join(', ');
      const unit = forms === 'luc-bat' ? 'couplets' : 'lines';
      const isProse = form === undefined && forms === 'prose' && judged.every(({ card }) => card === undefined);
      const head = isProse
        ? `${file}: no lines of six and eight in turn, no four of seven: read as prose`
        : `${file}: ${forms}, ${sum('accepted')} of ${sum('units')} ${unit} keep every rule`;
      const around = judged.flatMap(({ around }) => around);
      if (around.length > 0) lines.push(`  not judged, as they stand around it: line ${around.join(', ')}`);
      report.result(`${[head, ...lines].join('\n')}\n`, { event: 'judged', file, judged });
    }
    return refused ? NOT_VERIFIED : undefined;
  },
});
