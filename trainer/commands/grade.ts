import { z } from 'zod';
import { defineCommand } from '../../crawlers/shell/command.ts';
import { formatTable } from '../../crawlers/shell/reporter.ts';

export const scoreGradeCommand = defineCommand({
  name: 'score grade',
  summary: 'answers to VMLU from anywhere (a CSV of id and answer) against the right ones',
  examples: ['vua score grade submission.csv --vmlu vmlu/valid.jsonl'],
  positional: 'file',
  options: z.object({
    file: z.string().describe('CSV with the columns id and answer, as vmlu.ai takes it'),
    vmlu: z.string().describe('items with answers: a .jsonl file, or a folder with dev.jsonl and valid.jsonl'),
  }),
  async run({ file, vmlu }, { report }) {
    const { gradeAnswers } = await import('../run/grade.ts');
    const { alarms, rowOf, scoreTable, vmluRows } = await import('../run/score-text.ts');
    const { measurement, notes } = gradeAnswers(file, vmlu);
    const said = [...alarms([measurement]), ...notes];
    const text = [scoreTable([measurement]), '', formatTable(vmluRows(measurement))].join('\n');
    report.result(text, { event: 'score', scores: [rowOf(measurement)], alarms: said });
    for (const line of said) report.note(line);
  },
});
