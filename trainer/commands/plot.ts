import { z } from 'zod';
import { defineCommand } from '../../crawlers/shell/command.ts';

export const plotCommand = defineCommand({
  name: 'plot',
  summary: 'draw the loss curve of a training run, or of several beside each other, as SVG',
  examples: [
    'vua plot vua-out',
    'vua plot vua-out/model --out loss.svg',
    'vua plot run-a run-b run-c --out compare.svg',
  ],
  positional: 'dirs',
  options: z.object({
    dirs: z.array(z.string()).min(1).describe('folders of runs, or of their models'),
    out: z.string().optional().describe('file to write (default: curve.svg in the first model folder)'),
    title: z.string().default('Bits per byte while training').describe('title over the plot'),
    x: z.enum(['steps', 'tokens']).optional().describe('horizontal axis (default: steps; of several runs tokens)'),
  }),
  async run({ dirs, out, title, x }, { report }) {
    const { writePlot } = await import('../record/write-plot.ts');
    const { path, points, warning } = writePlot(dirs, title, out, x);
    if (warning) report.note(warning);
    report.result(`${path}: ${points} steps`, { event: 'plot', path, points, warning });
  },
});
