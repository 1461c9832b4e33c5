import { z } from 'zod';
import { defineCommand, statusOf } from '../../crawlers/shell/command.ts';
import type { MergedDocuments } from '../ranks/merge.ts';
import { formatCleaned } from './clean.ts';
import { tellExport } from './tokens.ts';

export const mergeCommand = defineCommand({
  name: 'merge',
  summary: 'put together what ranks wrote, when all of it is there',
  examples: [
    'VUA_RANK=0 VUA_WORLD_SIZE=8 vua clean --input warc --out documents',
    'vua merge documents',
    'VUA_RANK=0 VUA_WORLD_SIZE=8 vua export tokens tokens --to megatron --out out',
    'vua merge out',
  ],
  positional: 'out',
  options: z.object({ out: z.string().describe('folder that the ranks were told to make') }),
  async run({ out }, work) {
    const { isOfRanks, mergeDocuments } = await import('../ranks/merge.ts');
    if (isOfRanks(out)) {
      const { report } = await mergeDocuments(out);
      const { writeCard } = await import('../documents/card.ts');
      writeCard(out, report.manifest);
      work.report.result(formatMerged(out, report), { event: 'merged', ...report.report, left: report.left });
      return 0;
    }
    const { mergeExport } = await import('../export/tokens/export.ts');
    const done = await mergeExport(out);
    if (done.outcome !== 'interrupted') tellExport(out, done, work);
    return statusOf(done);
  },
});

const formatMerged = (out: string, { report, left, manifest }: MergedDocuments): string =>
  formatCleaned(out, {
    outcome: 'written',
    report: { ...report, left, marked: manifest.marked ?? {}, passedOver: new Map() },
  });
