import { join } from 'node:path';
import { z } from 'zod';
import { defineCommand, INTERRUPTED } from '../../crawlers/shell/command.ts';
import { badInput } from '../../crawlers/shell/errors.ts';
import { writeFileAtomic } from '../../crawlers/shell/folder.ts';
import { formatTable } from '../../crawlers/shell/reporter.ts';
import { TRAINING } from './train.ts';

export const lrFindCommand = defineCommand({
  name: 'lr-find',
  summary: 'a short sweep of learning rates on your tokens, with a suggestion for `vua train --learning-rate`',
  examples: ['vua lr-find --tokens vua-out/tokens --depth 2 --out lr'],
  options: z.object({
    tokens: z.string().describe('folder of token shards (vua tokens)'),
    out: z.string().default('').describe('folder for lr-find.svg; none: not drawn'),
    depth: TRAINING.depth,
    width: TRAINING.width,
    context: TRAINING.context,
    batch: TRAINING.batch,
    steps: z.int().min(20).default(100).describe('steps of the sweep at most'),
    from: z.number().gt(0).default(1e-4).describe('first learning rate'),
    to: z.number().gt(0).default(3).describe('last learning rate'),
    seed: TRAINING.seed,
    adapter: TRAINING.adapter,
    noTune: TRAINING.noTune,
  }),
  async run(options, work) {
    const { report, signal } = work;
    const { from, to } = options;
    if (from >= to) throw badInput('BAD_OPTION', `--from ${from} --to ${to}: expected a rising range`);
    const { findRate, sweepChart } = await import('../run/find-rate.ts');
    const { suggestRate } = await import('../run/lr-find.ts');
    const points = await findRate(options, work);
    if (signal.aborted) return INTERRUPTED;
    const suggestion = suggestRate(points);
    const path = options.out && join(options.out, 'lr-find.svg');
    if (path) writeFileAtomic(path, sweepChart(points, suggestion?.suggested));
    const every = Math.max(1, Math.floor(points.length / 20));
    const rows20 = points.filter((_, i) => i % every === 0 || i === points.length - 1);
    const advice = suggestion
      ? `suggested: --learning-rate ${suggestion.suggested.toPrecision(2)} (falls fastest at ${suggestion.steepest.toExponential(1)}, lowest at ${suggestion.lowest.toExponential(1)})`
      : 'no suggestion: the loss never fell; try more --steps or a lower --from';
    report.result(
      [
        formatTable([
          ['rate', 'loss', 'smoothed'],
          ...rows20.map(({ rate, loss, smooth }) => [rate.toExponential(2), loss.toFixed(3), smooth.toFixed(3)]),
        ]),
        '',
        advice,
        ...(path ? [path] : []),
      ].join('\n'),
      { event: 'lr_find', ...suggestion, path, points },
    );
  },
});
