import { z } from 'zod';
import { defineCommand, NOTHING_NEW } from '../../crawlers/shell/command.ts';
import { formatBytes } from '../../crawlers/shell/reporter.ts';
import { KEEP_NIGHTS } from '../format.ts';

export const gcCommand = defineCommand({
  name: 'gc',
  summary: 'remove old snapshots that nothing keeps, and what killed runs left',
  examples: ['vua gc out', 'vua gc out --keep 30'],
  positional: 'dir',
  options: z.object({
    dir: z.string().describe('folder of `vua run`'),
    keep: z
      .int()
      .min(1)
      .default(KEEP_NIGHTS)
      .describe('nights that stay, beside what is current, pinned or trained on'),
  }),
  async run({ dir, keep }, { report }) {
    const { holding } = await import('../../crawlers/shell/lock.ts');
    const { collectGarbage } = await import('../snapshots/retention.ts');
    const { removed, inUse, bytes } = await holding(dir, [], async () => collectGarbage(dir, keep));
    const isRead = inUse.length > 0 ? `; ${inUse.join(', ')} stay: somebody reads them` : '';
    const text = removed.length > 0 ? `${removed.join(', ')} removed: ${formatBytes(bytes)}` : 'nothing to remove';
    report.result(`${dir}: ${text}${isRead}`, { event: 'collected', removed, inUse, bytes });
    return removed.length > 0 ? 0 : NOTHING_NEW;
  },
});
