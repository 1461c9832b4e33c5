import { z } from 'zod';
import { commandLine, defineCommand, statusOf } from '../../crawlers/shell/command.ts';
import { formatCount } from '../../crawlers/shell/reporter.ts';

export const qualityApplyCommand = defineCommand({
  name: 'quality apply',
  summary: 'measure documents that were cleaned before by a scorer; texts and verdicts stay as they are',
  examples: [
    'vua quality apply out/documents --quality quality.json',
    'vua clean --what-if low_quality=0.02 --out out/documents',
  ],
  positional: 'dir',
  options: z.object({
    dir: z.string().describe('folder of documents, or of `vua run`: there it stands in the next snapshot'),
    quality: z.array(z.string()).min(1).describe('files of `vua quality train`'),
  }),
  async run({ dir, quality }, work) {
    const { factsOf } = await import('../snapshots/facts.ts');
    const { scoreFolder } = await import('../snapshots/score.ts');
    const done = await scoreFolder(dir, quality, factsOf({}, []), work);
    const { documents, rejects, shards, current, waits } = done.report;
    const rows = `${formatCount(documents)} documents, ${formatCount(rejects)} rejects`;
    const what =
      done.outcome === 'nothing_new'
        ? `nothing new: ${rows} have these figures`
        : `${rows}; ${formatCount(shards)} shards written anew`;
    const next =
      waits === undefined
        ? commandLine(`inspect ${dir}`)
        : `the next \`vua run\` makes its tokens and publishes (${waits})`;
    const state = current === undefined ? '' : `\nsnapshot ${current} is current`;
    if (done.outcome !== 'interrupted')
      work.report.result(`${dir}: ${what}${state}\n\nnext: ${next}`, { event: 'scored', dir, ...done.report });
    return statusOf(done);
  },
});
