import { z } from 'zod';
import { defineCommand } from '../../crawlers/shell/command.ts';
import { adapterOption } from '../gpu/choice.ts';
import { modelsOption, precisionOption } from './bench.ts';

export const tuneCommand = defineCommand({
  name: 'tune',
  summary: 'measure kernel variants on this adapter and keep the fastest for every later run',
  examples: ['vua tune', 'vua tune --models 124M --precision f16'],
  options: z.object({
    adapter: adapterOption,
    models: modelsOption,
    precision: precisionOption.default('auto').describe('f32, f16 or f32,f16; auto: what `vua train` would take'),
    dryRun: z.boolean().default(false).describe('measure and print, keep nothing'),
    probe: z
      .string()
      .optional()
      .describe('only multiply with the matrix units of this shape, MxNxK: status 1 when that goes wrong'),
    recipe: z.string().optional().describe('JSON of a step to tune, as `vua train` gives it'),
    findings: z.string().optional().describe('of the process that measures: the file where it goes on'),
  }),
  run: async (options, work) => (await import('../bench/tune-apart.ts')).tuneApart(options, work),
});
