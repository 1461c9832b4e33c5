import { z } from 'zod';
import { defineCommand, statusOf } from '../../crawlers/shell/command.ts';
import { tellExport } from './tokens.ts';

export const mergeCommand = defineCommand({
  name: 'merge',
  summary: 'put together what ranks wrote, when all of it is there',
  examples: ['VUA_RANK=0 VUA_WORLD_SIZE=8 vua export tokens tokens --to megatron --out out', 'vua merge out'],
  positional: 'out',
  options: z.object({ out: z.string().describe('folder that the ranks were told to make') }),
  async run({ out }, work) {
    const { mergeExport } = await import('../export/tokens/export.ts');
    const done = await mergeExport(out);
    if (done.outcome !== 'interrupted') tellExport(out, done, work);
    return statusOf(done);
  },
});
