import { z } from 'zod';
import { defineCommand } from '../../crawlers/shell/command.ts';
import { formatBytes, formatCount, formatTable } from '../../crawlers/shell/reporter.ts';
import { KEEP_NIGHTS } from '../format.ts';
import type { Kept } from '../snapshots/retention.ts';

export const snapshotsCommand = defineCommand({
  name: 'snapshots',
  summary: 'list the snapshots of a run, pin and unpin them',
  examples: ['vua snapshots out', 'vua snapshots out --pin 000012 --reason "given to the reviewers"'],
  positional: 'dir',
  options: z.object({
    dir: z.string().describe('folder of `vua run`'),
    pin: z.array(z.string()).default([]).describe('names of snapshots that stay until they are unpinned'),
    reason: z.string().default('').describe('why they are pinned'),
    unpin: z.array(z.string()).default([]).describe('names of snapshots that may go when they are old'),
  }),
  async run({ dir, pin: pinned, reason, unpin: unpinned }, { report }) {
    const { currentSnapshot } = await import('../snapshots/read.ts');
    const { pin, retention, unpin } = await import('../snapshots/retention.ts');
    for (const name of pinned) pin(dir, name, reason);
    for (const name of unpinned) unpin(dir, name);
    const kept = retention(dir, KEEP_NIGHTS);
    const current = currentSnapshot(dir)?.name;
    const text = kept.length === 0 ? `${dir}: no snapshots yet` : formatSnapshots(kept);
    const rows = kept.map(({ snapshot: { record, pinned: pin }, why }) => {
      const { files: _, ...facts } = record;
      return { ...facts, why, ...(pin && { pinned: pin }) };
    });
    report.result(text, { event: 'snapshots', current, snapshots: rows });
    return 0;
  },
});

function formatSnapshots(kept: readonly Kept[]): string {
  const rows = kept.map(({ snapshot: { name, record, pinned }, why }) => [
    name,
    record.published.slice(0, 16).replace('T', ' '),
    record.parent ?? '',
    formatCount(record.counts.documents),
    formatBytes(record.counts.textBytes),
    formatCount(record.counts.trainTokens),
    record.model?.name ?? '',
    [...why.map((reason) => (reason === 'pinned' && pinned?.reason ? `pinned: ${pinned.reason}` : reason))].join(', '),
  ]);
  return formatTable([
    ['snapshot', 'published', 'made from', 'documents', 'text', 'tokens', 'model', 'stays as'],
    ...rows,
  ]);
}
