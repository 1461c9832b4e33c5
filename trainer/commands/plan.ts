/** `vua plan`. */
import { z } from 'zod';
import { defineCommand } from '../../crawlers/shell/command.ts';
import { badInput } from '../../crawlers/shell/errors.ts';
import { formatBytes, formatCount, formatSeconds, formatTable } from '../../crawlers/shell/reporter.ts';
import { openTokens } from '../../shards/tokens/open.ts';
import { PRESETS } from '../model/config.ts';
import { GOOD_EPOCHS, type Plan, type Preset, parseDevice, planOf, TOKENS_PER_PARAMETER } from '../run/plan.ts';

const names = Object.keys(PRESETS) as (keyof typeof PRESETS)[];

export const planCommand = defineCommand({
  name: 'plan',
  summary: 'what a training run would need: tokens, epochs, arithmetic, time, memory',
  examples: [
    'vua plan',
    'vua plan --preset 124M --tokens vua-out/tokens --device h100 8xh100 --utilisation 0.4 --precision mixed',
    'vua plan --preset 10M --training-tokens 2e8 --device cpu=0.05',
  ],
  options: z.object({
    preset: z
      .array(z.enum(names))
      .default(names)
      .describe(`sizes: ${names.join(', ')}`),
    tokens: z.string().optional().describe('folder of token shards: its vocabulary and how many tokens there are'),
    trainingTokens: z
      .number()
      .min(0)
      .default(0)
      .describe(`tokens to train on, 0: ${TOKENS_PER_PARAMETER} for each parameter`),
    vocabSize: z.number().int().min(0).default(0).describe('vocabulary, 0: of --tokens, or of the preset'),
    context: z.number().int().min(0).default(0).describe('tokens the model sees, 0: of the preset'),
    batch: z.number().int().min(1).default(16).describe('rows of a step on one device'),
    device: z
      .array(z.string())
      .default(['h100', 'a100', 'rtx4090', 't4'])
      .describe('NAME, COUNTxNAME or NAME=TFLOPS (peak of your own)'),
    precision: z
      .enum(['f32', 'mixed'])
      .default('f32')
      .describe('plain f32, or mixed f16/f32 on matrix units: which peak and which memory count'),
    utilisation: z.number().gt(0).max(1).default(0.3).describe('share of the peak that training reaches'),
  }),
  async run(options, { report }) {
    const { trainingTokens, utilisation, precision, batch: rows } = options;
    const storage = precision === 'mixed' ? 'f16' : 'f32';
    const manifest = options.tokens === undefined ? undefined : (await openTokens(options.tokens)).manifest;
    const uniqueTokens = manifest?.shards.reduce((sum, shard) => sum + (shard.split === 'train' ? shard.rows : 0), 0);
    if (uniqueTokens === 0)
      throw badInput(
        'TOO_FEW_TOKENS',
        `${options.tokens}: no training tokens`,
        'add documents, or lower --valid-share',
      );
    const devices = options.device.map((device) => parseDevice(device, storage));
    const plans = options.preset.map((name) => {
      const preset: Preset = {
        ...PRESETS[name],
        vocabSize: options.vocabSize || manifest?.vocabSize || PRESETS[name].vocabSize,
        context: options.context || PRESETS[name].context,
      };
      return {
        name,
        ...planOf({ preset, tokens: trainingTokens, uniqueTokens, rows, storage, devices, utilisation }),
      };
    });
    report.result(
      [
        formatTable([
          ['', ...plans.map(({ name }) => name)],
          ...rowsOf(plans, uniqueTokens),
          ...devices.map((_, i) => deviceRow(plans, i)),
        ]),
        '',
        ...notes(plans, uniqueTokens, precision, utilisation),
      ].join('\n'),
      { event: 'plan', uniqueTokens, precision, utilisation, plans },
    );
  },
});

const short = (value: number): string => {
  for (const [unit, size] of [
    ['T', 1e12],
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const) {
    if (value >= size) return `${(value / size).toPrecision(3)} ${unit}`;
  }
  return formatCount(value);
};

function rowsOf(plans: readonly Plan[], uniqueTokens: number | undefined): string[][] {
  const row = (name: string, text: (plan: Plan) => string): string[] => [name, ...plans.map(text)];
  return [
    row('layers × width', ({ config }) => `${config.layers} × ${config.width}`),
    row('context', ({ config }) => formatCount(config.context)),
    row('vocabulary', ({ config }) => formatCount(config.vocabSize)),
    row('parameters', ({ parameters }) => short(parameters)),
    row('training tokens', ({ tokens }) => short(tokens)),
    row('steps', ({ steps }) => formatCount(steps)),
    ...(uniqueTokens
      ? [
          row('epochs over the data', ({ epochs }) => (epochs ?? 0).toPrecision(3)),
          row('worth in fresh tokens', (plan) => short(plan.effectiveTokens)),
        ]
      : []),
    row('FLOPs', ({ flops }) => flops.toExponential(2).replace('e+', 'e')),
    row('memory of one device', ({ memoryBytes }) => formatBytes(memoryBytes)),
  ];
}

function deviceRow(plans: readonly Plan[], index: number): string[] {
  const { count, name, peak } = plans[0].devices[index].device;
  const cells = plans.map(({ devices }) => {
    const { seconds, fits } = devices[index];
    const time = seconds < 86_400 ? formatSeconds(seconds) : `${(seconds / 86_400).toPrecision(3)} days`;
    return fits === false ? `${time} (too large)` : time;
  });
  return [`${count > 1 ? `${count} × ` : ''}${name}, ${formatCount(peak)} TFLOP/s`, ...cells];
}

function notes(plans: readonly Plan[], unique: number | undefined, precision: string, utilisation: number): string[] {
  const lines = [
    `times: ${precision} peaks of the data sheets × ${utilisation} (--utilisation); several devices without loss between them`,
  ];
  if (unique === undefined) return [...lines, 'data: give --tokens to see epochs'];
  const ceiling = GOOD_EPOCHS * unique;
  lines.push(
    `data: ${short(unique)} training tokens; up to ${GOOD_EPOCHS} epochs (${short(ceiling)}) repeating costs next to nothing, beyond it less and less is gained (Muennighoff et al. 2023)`,
  );
  const beyond = plans.filter(({ tokens }) => tokens > ceiling);
  if (beyond.length > 0)
    lines.push(
      `${beyond.length} of ${plans.length} sizes want more text than that: gather more, or train a smaller model`,
    );
  return lines;
}
