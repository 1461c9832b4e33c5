import { z } from 'zod';
import { type Command, defineCommand } from '../../crawlers/shell/command.ts';

/** `returnToModel`: of the room of models; whether it put that model in force again. */
export const rollbackCommand = (
  returnToModel: () => Promise<(out: string, name: string) => boolean> = async () => () => false,
): Command =>
  defineCommand({
    name: 'rollback',
    summary: 'go back to the snapshot of an earlier night; the next night is made from it',
    examples: ['vua rollback out', 'vua rollback out --to 000012'],
    positional: 'dir',
    options: z.object({
      dir: z.string().describe('folder of `vua run`'),
      to: z.string().optional().describe('name of a snapshot (default: that of the night before)'),
    }),
    async run({ dir, to }, { report }) {
      const { holding } = await import('../../crawlers/shell/lock.ts');
      const { rollBack } = await import('../snapshots/rollback.ts');
      const { applyRemovals } = await import('../removal/remove.ts');
      const toModel = await returnToModel();
      await holding(dir, [], async () => {
        await applyRemovals(dir);
        const { name, record } = rollBack(dir, to);
        const { model } = record;
        const isBack = model !== undefined && toModel(dir, model.name);
        const text = `${dir}: snapshot ${name} is current${isBack ? `, and model ${model.name} in force` : ''}`;
        report.result(text, { event: 'rolled_back', current: name, model: isBack ? model.name : undefined });
      });
      return 0;
    },
  });
