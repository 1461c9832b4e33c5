import { z } from 'zod';
import { defineCommand, INTERRUPTED } from '../../crawlers/shell/command.ts';
import { badInput } from '../../crawlers/shell/errors.ts';

export const diffCommand = defineCommand({
  name: 'diff',
  summary: 'what is between two nights or folders: added, removed, changed, drift of every measurement, hosts',
  examples: [
    'vua diff vua-out',
    'vua diff vua-out/snapshots/000011 vua-out/snapshots/000012',
    'vua diff old/documents new/documents',
  ],
  positional: 'dirs',
  options: z.object({
    dirs: z
      .array(z.string())
      .min(1)
      .max(2)
      .describe('two folders; one folder of a run: its last night and the one before'),
  }),
  async run({ dirs: [from, to] }, { report, signal }) {
    const { diffOf, formatDiff } = await import('../diff.ts');
    const [a, b] = to === undefined ? await lastNights(from) : [from, to];
    const difference = await diffOf(a, b, signal);
    if (signal.aborted) return INTERRUPTED;
    report.result(`${a} → ${b}\n\n${formatDiff(difference)}`, { event: 'diff', from: a, to: b, ...difference });
    return 0;
  },
});

/** Folders of the last snapshot and of the night before it. */
async function lastNights(out: string): Promise<[string, string]> {
  const { currentSnapshot, nightBefore } = await import('../snapshots/read.ts');
  const current = currentSnapshot(out);
  const before = current && nightBefore(out, current);
  if (before === undefined)
    throw badInput('NO_SNAPSHOT', `${out}: no two nights are kept there`, 'give two folders, or a run of two nights');
  return [before.dir, current!.dir];
}
