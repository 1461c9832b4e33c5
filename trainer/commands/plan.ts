import { z } from 'zod';
import { defineCommand, INTERRUPTED } from '../../crawlers/shell/command.ts';
import { badInput } from '../../crawlers/shell/errors.ts';
import { adapterOption } from '../gpu/choice.ts';
import { PRESETS } from '../model/config.ts';
import { TOKENS_PER_PARAMETER } from '../run/flops.ts';
import type { Device } from '../run/plan.ts';
import { ELSEWHERE, type Preset } from '../run/sizes.ts';

const own = Object.keys(PRESETS) as (keyof typeof PRESETS)[];
const SIZES: Readonly<Record<string, Preset>> = { ...PRESETS, ...ELSEWHERE };
const names = Object.keys(SIZES);

export const planCommand = defineCommand({
  name: 'plan',
  summary: 'what a training run would need: tokens, epochs, arithmetic, time, memory',
  examples: [
    'vua plan',
    'vua plan --preset 10M --device this',
    'vua plan --preset 124M --tokens vua-out/tokens --device h100 8xh100 --utilisation 0.4 --precision mixed',
    'vua plan --preset 10M --training-tokens 2e8 --device cpu=0.05',
    'vua plan --preset 7B --unique-tokens 142e9 --device 64xh100 --precision mixed --utilisation 0.4',
    'vua plan --preset 7B --tokens vua-out/tokens --device 64xh100 --precision mixed --model-config my-7b',
  ],
  options: z.object({
    preset: z
      .array(z.enum(names))
      .default(own)
      .describe(`sizes: ${own.join(', ')}; trained elsewhere: ${Object.keys(ELSEWHERE).join(', ')}`),
    tokens: z.string().optional().describe('folder of token shards: its vocabulary and how many tokens there are'),
    uniqueTokens: z
      .number()
      .min(0)
      .default(0)
      .describe('distinct training tokens at hand, where --tokens does not say it'),
    modelConfig: z
      .string()
      .optional()
      .describe('folder to make: config.json of the one --preset and the tokenizer of --tokens, for transformers'),
    trainingTokens: z
      .number()
      .min(0)
      .default(0)
      .describe(`tokens to train on, 0: ${TOKENS_PER_PARAMETER} for each parameter`),
    vocabSize: z.int().min(0).default(0).describe('vocabulary, 0: of --tokens, or of the preset'),
    context: z.int().min(0).default(0).describe('tokens the model sees, 0: of the preset'),
    batch: z.int().min(1).default(16).describe('rows of a step on one device'),
    device: z
      .array(z.string())
      .default(['h100', 'a100', 'rtx4090', 't4'])
      .describe('NAME, COUNTxNAME, NAME=TFLOPS (peak of your own) or this: this machine, measured in seconds'),
    adapter: adapterOption,
    precision: z
      .enum(['f32', 'mixed'])
      .default('f32')
      .describe('plain f32, or mixed f16/f32 on matrix units: which peak and which memory count'),
    utilisation: z.number().gt(0).max(1).default(0.3).describe('share of the peak that training reaches'),
  }),
  async run(options, { report, signal }) {
    const { openTokens } = await import('../../shards/tokens/source.ts');
    const { parseDevice, planOf, THIS } = await import('../run/plan.ts');
    const { planText } = await import('../run/plan-text.ts');
    const { trainingTokens, utilisation, precision, batch: rows } = options;
    const storage = precision === 'mixed' ? 'f16' : 'f32';
    const manifest = options.tokens === undefined ? undefined : (await openTokens(options.tokens)).manifest;
    const held = manifest?.shards.reduce((sum, shard) => sum + (shard.split === 'train' ? shard.rows : 0), 0);
    const uniqueTokens = options.uniqueTokens || held;
    if (held === 0)
      throw badInput(
        'TOO_FEW_TOKENS',
        `${options.tokens}: no training tokens`,
        'add documents, or lower --valid-share',
      );
    const presetOf = (name: string): Preset => ({
      ...SIZES[name],
      vocabSize: options.vocabSize || manifest?.vocabSize || SIZES[name].vocabSize,
      context: options.context || SIZES[name].context,
    });
    const devices: Device[] = [];
    for (const device of options.device) {
      if (device !== THIS) devices.push(parseDevice(device, storage));
      else {
        const { thisMachine } = await import('../run/pace.ts');
        const { adapter } = options;
        const measured = await thisMachine({ preset: presetOf(options.preset[0]), rows, storage, adapter }, signal);
        if (!measured) return INTERRUPTED;
        devices.push(measured);
      }
    }
    const plans = options.preset.map((name) => {
      const preset = presetOf(name);
      return {
        name,
        ...planOf({
          ...{ preset, tokens: trainingTokens, uniqueTokens, rows, storage, devices, utilisation },
          sharded: name in ELSEWHERE,
        }),
      };
    });
    if (options.modelConfig !== undefined) {
      const { writeModelConfig } = await import('../export/export.ts');
      if (options.tokens === undefined || plans.length !== 1)
        throw badInput(
          'BAD_OPTION',
          `--model-config ${options.modelConfig}: expected one --preset and --tokens, whose tokenizer goes along`,
        );
      await writeModelConfig(options.modelConfig, plans[0].config, options.tokens);
    }
    report.result(planText(plans, { uniqueTokens, precision, utilisation }), {
      event: 'plan',
      uniqueTokens,
      precision,
      utilisation,
      plans,
    });
  },
});
