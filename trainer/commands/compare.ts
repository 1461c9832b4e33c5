import { z } from 'zod';
import { defineCommand } from '../../crawlers/shell/command.ts';

export const scoreCompareCommand = defineCommand({
  name: 'score compare',
  summary: 'two models beside each other, question by question; refused where they were not measured alike',
  examples: ['vua score compare one/scores --with other/scores'],
  positional: 'first',
  options: z.object({
    first: z.string().describe('folder of scores, or one of its .jsonl files'),
    with: z.string().describe('the other one'),
  }),
  async run({ first, with: second }, { report }) {
    const { compareScores } = await import('../run/compare-scores.ts');
    const { comparedTable } = await import('../run/score-text.ts');
    const { list, left } = compareScores(first, second);
    report.result(comparedTable(list), { event: 'compared', compared: list, left });
    for (const line of left) report.note(line);
  },
});
