import { z } from 'zod';
import { defineCommand } from '../../crawlers/shell/command.ts';
import { adapterOption } from '../gpu/choice.ts';

export const checkCommand = defineCommand({
  name: 'check',
  summary: 'prove the trainer on the adapter at hand: kernels, gradients, PyTorch, determinism',
  examples: ['vua check', 'vua check --adapter embedded --json'],
  options: z.object({
    adapter: adapterOption,
  }),
  run: async ({ adapter }, work) => (await import('../proofs/check.ts')).check(adapter, work),
});
