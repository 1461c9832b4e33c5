/** `vua plot`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { badInput } from '../crawlers/errors.ts';
import { defineCommand } from '../crawlers/shell/command.ts';
import { writeFileAtomic } from '../crawlers/shell/folder.ts';
import { readCurve } from './curve.ts';
import { plotCurve } from './plot.ts';

export const plotCommand = defineCommand({
  name: 'plot',
  summary: 'draw the loss curve of a training run as SVG',
  examples: ['vua plot vua-out', 'vua plot vua-out/model --out loss.svg'],
  positional: 'dir',
  options: z.object({
    dir: z.string().describe('folder of a run, or of its model'),
    out: z.string().optional().describe('file to write (default: curve.svg in the model folder)'),
    title: z.string().default('Bits per byte while training').describe('title over the plot'),
  }),
  async run(options, { report }) {
    const { path, points } = writePlot(options.dir, options.title, options.out);
    report.result(`${path}: ${points} steps`, { event: 'plot', path, points });
  },
});

/** Draws DIR/model or DIR. The token folder beside the model gives the bytes per token. */
export function writePlot(dir: string, title: string, out?: string): { path: string; points: number } {
  const model = existsSync(join(dir, 'model')) ? join(dir, 'model') : dir;
  const { head, points } = readCurve(model);
  if (points.length === 0) throw badInput('BAD_CURVE', `${model}: the curve holds no step`, 'train at least one step');
  const path = out ?? join(model, 'curve.svg');
  writeFileAtomic(path, plotCurve(head, points, head.trainBytesPerToken, title));
  return { path, points: points.length };
}
