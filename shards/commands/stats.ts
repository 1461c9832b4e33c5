import { z } from 'zod';
import { defineCommand, INTERRUPTED } from '../../crawlers/shell/command.ts';

export const statsCommand = defineCommand({
  name: 'stats',
  summary: 'show what a folder holds and what was dropped, by reason and source',
  examples: ['vua stats out/documents', 'vua stats out --json', 'vua stats wiki/documents law/documents --all'],
  positional: 'dirs',
  options: z.object({
    dirs: z.array(z.string()).min(1).describe('folders of documents, of tokens, or of a whole run; of several the sum'),
    all: z.boolean().default(false).describe('every day, host and measurement'),
  }),
  async run({ dirs, all }, { report, signal }) {
    const { formatStats, mergeStats, profileIn, statsOf } = await import('../stats.ts');
    const { formatProfile } = await import('../profile-table.ts');
    let [stats, profile] = [await statsOf(dirs[0], signal), await profileIn(dirs[0], signal)];
    for (const dir of dirs.slice(1)) {
      stats = mergeStats(stats, await statsOf(dir, signal));
      profile.merge(await profileIn(dir, signal));
    }
    if (signal.aborted) return INTERRUPTED;
    const text = profile.documents === 0 ? '' : `\n\n${formatProfile(profile, all)}`;
    report.result(`${formatStats(stats)}${text}`, { event: 'stats', ...stats, profile });
    return 0;
  },
});
