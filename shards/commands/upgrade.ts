import { z } from 'zod';
import { defineCommand, NOTHING_NEW } from '../../crawlers/shell/command.ts';

export const upgradeCommand = defineCommand({
  name: 'upgrade',
  summary: 'bring a folder of an older version to this one; nothing is cleaned or encoded again',
  examples: ['vua upgrade out', 'vua upgrade out/documents'],
  positional: 'dir',
  options: z.object({ dir: z.string().describe('folder of `vua run`, or of documents') }),
  async run({ dir }, { report }) {
    const { factsOf } = await import('../snapshots/facts.ts');
    const { upgrade } = await import('../snapshots/upgrade.ts');
    const { holding } = await import('../../crawlers/shell/lock.ts');
    const { applyRemovals } = await import('../removal/remove.ts');
    await holding(dir, [], () => applyRemovals(dir));
    const { current, isNew } = await upgrade(dir, factsOf({}, []));
    const state = current === undefined ? 'of this version' : `snapshot ${current} is current`;
    report.result(`${dir}: ${isNew ? '' : 'nothing to do: '}${state}`, { event: 'upgraded', current, isNew });
    return isNew ? 0 : NOTHING_NEW;
  },
});
