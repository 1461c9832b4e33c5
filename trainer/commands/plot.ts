/** `vua plot`, and its body for `vua run`. */
import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { defineCommand } from '../../crawlers/shell/command.ts';
import { badInput } from '../../crawlers/shell/errors.ts';
import { writeFileAtomic } from '../../crawlers/shell/folder.ts';
import { readCurve } from '../record/curve.ts';
import { plotCurve, plotRuns, type Run } from '../record/plot.ts';

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
    const { path, points } = writePlot(dirs, title, out, x);
    report.result(`${path}: ${points} steps`, { event: 'plot', path, points });
  },
});

/** Draws DIR/model or DIR. */
export function writePlot(
  dirs: string | readonly string[],
  title: string,
  out?: string,
  axis?: 'steps' | 'tokens',
): { path: string; points: number } {
  const models = [dirs].flat().map((dir) => (existsSync(join(dir, 'model')) ? join(dir, 'model') : dir));
  const runs = models.map((model, i): Run => ({ name: basename(resolve([dirs].flat()[i])), ...readCurve(model) }));
  for (const [i, { points }] of runs.entries()) {
    if (points.length === 0) {
      throw badInput('BAD_CURVE', `${models[i]}: the curve holds no step`, 'train at least one step');
    }
  }
  const path = out ?? join(models[0], 'curve.svg');
  writeFileAtomic(path, runs.length === 1 ? plotCurve(runs[0], title, axis) : plotRuns(runs, title, axis));
  return { path, points: runs.reduce((sum, { points }) => sum + points.length, 0) };
}
