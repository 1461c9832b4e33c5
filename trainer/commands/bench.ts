import { z } from 'zod';
import { defineCommand, INTERRUPTED } from '../../crawlers/shell/command.ts';
import { writeFileAtomic } from '../../crawlers/shell/folder.ts';
import { MODEL_NAMES, modelsOf, storagesOf } from '../bench/models.ts';
import { adapterOption } from '../gpu/choice.ts';
import { PRESETS } from '../model/config.ts';

export const modelsOption = z
  .string()
  .optional()
  .describe(`sizes, by comma, of ${MODEL_NAMES.join(', ')}; by default those that the adapter does in minutes`);
export const precisionOption = z.string().default('f32').describe('f32, f16 or f32,f16; f16 is mixed precision');

export const benchCommand = defineCommand({
  name: 'bench',
  summary: 'measure kernels and whole training steps on the adapter, as shares of what it can do',
  examples: [
    'vua bench',
    'vua bench --adapter embedded --models demo --naive',
    'vua bench --precision f16 --json',
    'vua bench --dry h200 --models 124M',
  ],
  options: z.object({
    adapter: adapterOption,
    models: modelsOption,
    precision: precisionOption,
    optimizer: z.enum(['muon', 'adamw']).default('muon').describe("the matrices' optimizer"),
    steps: z
      .int()
      .min(1)
      .default(3)
      .describe('steps of each size, submitted without a wait between them; their mean counts'),
    kernels: z.int().min(1).default(10).describe('lines of each table of kernels'),
    naive: z.boolean().default(false).describe('also with the plainest form of every kernel'),
    python: z
      .string()
      .optional()
      .describe('a Python with torch: PyTorch runs each model beside ours (compare with --optimizer adamw)'),
    dry: z
      .string()
      .optional()
      .describe(
        `name of a GPU that is not here: what a step of --models (${Object.keys(PRESETS).join(', ')}) would do there, as \`vua train --preset\` makes it`,
      ),
    out: z.string().optional().describe('also write everything as JSON to this file'),
  }),
  async run({ adapter, kernels, out, models, precision, python, dry, ...options }, context) {
    if (dry !== undefined) {
      const { dryBench } = await import('../bench/predict.ts');
      const predictions = dryBench(dry, models);
      if (out) writeFileAtomic(out, `${JSON.stringify(predictions, null, 2)}\n`);
      for (const { text, ...prediction } of predictions)
        context.report.result(text(kernels), { event: 'prediction', ...prediction });
      return 0;
    }
    const { openGpu } = await import('../gpu/adapter.ts');
    const { findPytorch } = await import('../bench/pytorch.ts');
    const { benchText } = await import('../bench/report.ts');
    const { bench } = await import('../bench/suite.ts');
    const pytorch = python === undefined ? undefined : await findPytorch(python);
    const gpu = await openGpu(adapter);
    const storages = storagesOf(precision, gpu);
    const report = await bench(gpu, { ...options, pytorch, models: modelsOf(models, gpu.facts), storages }, context);
    if (report) {
      if (out) writeFileAtomic(out, `${JSON.stringify(report, null, 2)}\n`);
      context.report.result(benchText(report, kernels), { event: 'bench', ...report });
    }
    gpu.destroy();
    if (!context.signal.aborted) return 0;
    context.report.note('interrupted: what is above was measured, the rest was not');
    return INTERRUPTED;
  },
});
