/** Curves on disk → a plot on disk: what `vua plot` and `vua run` do. */
import { basename, join, resolve } from 'node:path';
import { badInput } from '../../crawlers/shell/errors.ts';
import { writeFileAtomic } from '../../crawlers/shell/folder.ts';
import { readCurve } from './curve.ts';
import { modelFolder } from './models.ts';
import { incomparable, plotCurve, plotRuns, type Run, type XAxis } from './plot.ts';

/**
 * Draws the model in force of a run, or DIR, of one run or several, as an SVG file. Of several `warning` says where their
 * held-out figures are not of one text.
 * @throws ToolkitError NO_CURVE, BAD_CURVE (exit 2)
 */
export function writePlot(
  dirs: string | readonly string[],
  title: string,
  out?: string,
  axis?: XAxis,
): { path: string; points: number; warning?: string } {
  const models = [dirs].flat().map(modelFolder);
  const runs = models.map((model, i): Run => ({ name: basename(resolve([dirs].flat()[i])), ...readCurve(model) }));
  for (const [i, { points }] of runs.entries()) {
    if (points.length === 0) {
      throw badInput('BAD_CURVE', `${models[i]}: the curve holds no step`, 'train at least one step');
    }
  }
  const path = out ?? join(models[0], 'curve.svg');
  writeFileAtomic(path, runs.length === 1 ? plotCurve(runs[0], title, axis) : plotRuns(runs, title, axis));
  const points = runs.reduce((sum, run) => sum + run.points.length, 0);
  return { path, points, warning: runs.length > 1 ? incomparable(runs) : undefined };
}
