import { z } from 'zod';
import { defineCommand, INTERRUPTED } from '../../crawlers/shell/command.ts';

export const statsCommand = defineCommand({
  name: 'stats',
  summary: 'show what a folder holds and what was dropped, by reason and source',
  examples: ['vua stats out/documents', 'vua stats out --json'],
  positional: 'dir',
  options: z.object({ dir: z.string().describe('folder of documents, of tokens, or of a whole run') }),
  async run({ dir }, { report, signal }) {
    const { formatStats, statsOf } = await import('../stats.ts');
    const stats = await statsOf(dir, signal);
    if (signal.aborted) return INTERRUPTED;
    report.result(formatStats(stats), { event: 'stats', ...stats });
    return 0;
  },
});
