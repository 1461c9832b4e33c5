import { join } from 'node:path';
import { z } from 'zod';
import { defineCommand, INTERRUPTED } from '../../crawlers/shell/command.ts';
import { writeFileAtomic } from '../../crawlers/shell/folder.ts';
import { adapterOption } from '../gpu/choice.ts';
import { MAX_SEED } from '../run/recipe-options.ts';
import { SUITES, VMLU_SCORERS } from '../tasks/names.ts';

export const scoreCommand = defineCommand({
  name: 'score',
  summary: 'what a model knows: questions that make themselves, and benchmarks that you bring',
  examples: [
    'vua score vua-out',
    'vua score vua-out --all',
    'vua score vua-out --vmlu vmlu/dev.jsonl --suite none',
    'vua score Qwen3-0.6B --vmlu vmlu --shots 5 --scorers letter-ll --out scores',
  ],
  positional: 'dir',
  options: z.object({
    dir: z
      .string()
      .describe(
        "a run's folder, a checkpoint, a folder of them, or a Qwen3 or Llama: a folder of transformers, a GGUF file",
      ),
    suite: z
      .enum(SUITES)
      .default('small')
      .describe(`questions that make themselves: ${SUITES.join(', ')}; small takes a minute on a small model`),
    vmlu: z
      .string()
      .optional()
      .describe('items in the format of VMLU: a .jsonl file, or a folder with dev.jsonl and valid.jsonl'),
    scorers: z
      .array(z.enum(VMLU_SCORERS))
      .default(['official-hf', 'letter-ll', 'choice-ll'])
      .describe(`how an answer to VMLU is read: some of ${VMLU_SCORERS.join(', ')}`),
    shots: z
      .int()
      .min(0)
      .max(20)
      .default(0)
      .describe('examples of the subject before each question of VMLU, from dev.jsonl, at most'),
    reading: z
      .array(z.string())
      .default([])
      .describe(
        'reading sets: files in the format of SQuAD or DROP (Vi-SQuAD, Vi-DROP), or JSON lines of context, question, answers',
      ),
    submission: z.string().optional().describe('write the answers to VMLU as a CSV file that vmlu.ai takes'),
    lower: z.boolean().default(false).describe('letters of --submission in lower case'),
    tokens: z
      .string()
      .optional()
      .describe(
        "folder of token shards (default: the run's own): held-out text makes questions, in training text they are looked for",
      ),
    limit: z.int().min(0).default(0).describe('questions of a task, at most; 0: all'),
    all: z.boolean().default(false).describe('every checkpoint that is kept, not the newest alone: with a chart'),
    groups: z.boolean().default(false).describe('also print figures by subject, phenomenon, source'),
    seed: z.int().min(0).max(MAX_SEED).default(1).describe('seed of the questions that make themselves'),
    out: z.string().optional().describe('folder for results (default: scores in DIR)'),
    noCache: z
      .boolean()
      .default(false)
      .describe('compute for each text what texts begin with alike: slower, the same scores'),
    adapter: adapterOption,
  }),
  async run({ noCache, groups, submission, lower, ...options }, work) {
    const { score } = await import('../run/score.ts');
    const { alarms, groupTable, rowOf, scoreChart, scoreTable, vmluRows } = await import('../run/score-text.ts');
    const { formatTable } = await import('../../crawlers/shell/reporter.ts');
    const { outcome, report } = await score({ ...options, share: !noCache }, work);
    if (outcome === 'interrupted') {
      work.report.note(`stopped: what was answered stays in ${report.out}, the same command goes on`);
      return INTERRUPTED;
    }
    const { measured, known, left, notes } = report;
    const path = join(report.out, 'scores.json');
    writeFileAtomic(path, `${JSON.stringify(known.map(rowOf), null, 1)}\n`);
    const chart = scoreChart(known, `Scores of ${options.dir}`);
    if (chart) writeFileAtomic(join(report.out, 'scores.svg'), chart);
    const text = [scoreTable(measured)];
    for (const one of measured.filter(({ card }) => card.task === 'vmlu'))
      text.push('', `vmlu ${one.card.scorer}`, formatTable(vmluRows(one)));
    if (groups) text.push(...measured.flatMap((one) => ['', groupTable(one)]));
    text.push('', ...[path, ...(chart ? [join(report.out, 'scores.svg')] : [])]);
    const said = [...alarms(measured, known), ...notes];
    work.report.result(text.join('\n'), { event: 'score', scores: measured.map(rowOf), alarms: said, left, path });
    for (const line of [...said, ...left]) work.report.note(line);
    if (submission !== undefined) {
      const { writeSubmission } = await import('../run/submission.ts');
      work.report.note(writeSubmission(submission, { ...options, lower }, measured));
    }
  },
});
