import { z } from 'zod';
import { type Command, defineCommand, NOTHING_NEW } from '../../crawlers/shell/command.ts';
import { badInput } from '../../crawlers/shell/errors.ts';
import type { EraseRecords } from '../removal/remove.ts';

/** `eraser`: of the room of crawlers. */
export const removeCommand = (eraser: () => Promise<EraseRecords>): Command =>
  defineCommand({
    name: 'remove',
    summary: 'take texts down: out of every snapshot, the archive and the tokens; they do not come back',
    examples: [
      'vua remove https://bao.example/bai-1 --out out --reason "request of 3 May"',
      'vua remove --list takedown.txt --out out --reason "court order 12" --dry-run',
    ],
    positional: 'names',
    options: z.object({
      names: z.array(z.string()).default([]).describe('URLs, hosts (with all below them) and ids of documents'),
      list: z.string().optional().describe('file of them, one a line'),
      out: z.string().default('vua-out').describe('folder of `vua run`'),
      reason: z.string().min(1).describe('why, for the list of what was taken down'),
      dryRun: z.boolean().default(false).describe('says what would go, and writes nothing'),
    }),
    async run({ names, list, out, reason, dryRun }, { report }) {
      const { holding } = await import('../../crawlers/shell/lock.ts');
      const { readOptOuts } = await import('../documents/marks.ts');
      const { readSnapshots } = await import('../snapshots/read.ts');
      const { remove } = await import('../removal/remove.ts');
      const asked = [...names, ...(list === undefined ? [] : readOptOuts(list))];
      if (asked.length === 0)
        throw badInput('BAD_OPTION', 'vua remove: nothing is named', 'give a URL, a host, an id or --list');
      if (readSnapshots(out).length === 0) {
        throw badInput('NO_SNAPSHOT', `${out}: nothing was published here`, 'give the folder of `vua run` with --out');
      }
      const erase = await eraser();
      const { isNew, ...told } = await holding(out, [], () => remove(out, asked, reason, { isDry: dryRun, erase }));
      const lines = told.taken.map(
        ({ place, documents, rejects }) => `  ${place}: ${documents} documents, ${rejects} dropped pages`,
      );
      const models = told.models.length > 0 ? `\ntrained on it: ${told.models.join(', ')}` : '';
      const archive = dryRun ? '' : `\n  crawl: ${told.records} records`;
      for (const name of told.unknown)
        report.note(
          `${name}: no document and no dropped page of it stands here${dryRun ? '' : '; it is refused from now on'}`,
        );
      const head = `${out}: ${dryRun ? 'would be removed' : isNew ? 'removed' : 'nothing to remove'}`;
      report.result([head, ...lines].join('\n') + archive + models, { event: 'removed', dryRun, ...told });
      return isNew ? 0 : NOTHING_NEW;
    },
  });
