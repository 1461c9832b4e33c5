import { z } from 'zod';
import { defineCommand } from '../../crawlers/shell/command.ts';
import { adapterOption } from '../gpu/adapter.ts';
import { modelsOption, precisionOption } from './bench.ts';

export const tuneCommand = defineCommand({
  name: 'tune',
  summary: 'measure kernel variants on this adapter and keep the fastest for every later run',
  examples: ['vua tune', 'vua tune --models 124M --precision f16'],
  options: z.object({
    adapter: adapterOption,
    models: modelsOption,
    precision: precisionOption,
    dryRun: z.boolean().default(false).describe('measure and print, keep nothing'),
    probe: z
      .string()
      .optional()
      .describe('only multiply with the matrix units of this shape, MxNxK: status 1 when that goes wrong'),
    findings: z.string().optional().describe('of the process that measures: the file where it goes on'),
  }),
  run: async (options, work) => (await import('../bench/tune-apart.ts')).tuneApart(options, work),
});
