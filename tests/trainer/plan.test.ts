/** Plans against figures worked out by hand and against what is allocated; the learning rate sweep. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../shards/checksum.ts';
import { writeModelConfig } from '../../trainer/export/export.ts';
import { cardOf } from '../../trainer/gpu/cards.ts';
import { normal } from '../../trainer/gpu/random.ts';
import { modelConfig, PRESETS, parameterCount } from '../../trainer/model/config.ts';
import { Trainer } from '../../trainer/model/trainer.ts';
import { flopsPerToken, modelFlopsUtilisation } from '../../trainer/run/flops.ts';
import { centred, type SweepPoint, suggestRate, sweepRates } from '../../trainer/run/lr-find.ts';
import { effectiveParameters, effectiveTokens, parseDevice, planOf } from '../../trainer/run/plan.ts';
import { planText } from '../../trainer/run/plan-text.ts';
import { OPTIMIZER } from '../../trainer/run/recipe-options.ts';
import { ELSEWHERE } from '../../trainer/run/sizes.ts';
import { temporaryFolder } from '../support.ts';
import { sharedGpu } from './device.ts';
import { writeTokenizer } from './support.ts';

describe('plan', () => {
  it('counts the arithmetic of a token', () => {
    const config = modelConfig({ vocabSize: 100, depth: 2, width: 64, context: 32 });
    const { heads, keyHeads, headSize: HS, hidden: F } = config;
    const layer = 2 * 64 * heads * HS + 2 * 64 * keyHeads * HS + 3 * 64 * F;
    expect(flopsPerToken(config)).toBe(6 * (2 * layer + 100 * 64) + 12 * 2 * heads * HS * 32);
    expect(modelFlopsUtilisation(config, 'NVIDIA H100 80GB HBM3', 1e6)).toBeCloseTo(
      (flopsPerToken(config) * 1e6) / 67e12,
    );
    expect(modelFlopsUtilisation(config, 'SwiftShader driver', 1e6)).toBeUndefined();
  });

  it.each([
    ['NVIDIA H100 80GB HBM3', 'h100'],
    ['NVIDIA H100 PCIe', 'h100-pcie'],
    ['NVIDIA H100 NVL', 'h100-nvl'],
    ['NVIDIA A100-SXM4-40GB', 'a100-40gb'],
    ['NVIDIA A100 80GB PCIe', 'a100'],
    ['Tesla V100-SXM2-16GB', 'v100-16gb'],
    ['NVIDIA GeForce RTX 4090', 'rtx4090'],
    ['NVIDIA GeForce RTX 4090 Laptop GPU', undefined],
    ['NVIDIA GeForce RTX 4090 D', undefined],
    ['NVIDIA GeForce RTX 3060 Ti', undefined],
    ['NVIDIA A10G', undefined],
    ['Apple M1 Pro', undefined],
    ['SwiftShader driver', undefined],
  ])('knows %s as %s', (name, card) => {
    expect(cardOf(name)?.name).toBe(card);
  });

  it.each([
    [1, 1],
    [2, 1.91],
    [10, 5.33],
    [1000, 6.31], // however large
  ])('%s times the parameters that the text is good for are worth %s (their second term)', (times, worth) => {
    expect(effectiveParameters(20e6, times * 1e6) / 1e6).toBeCloseTo(worth, 1);
  });

  it('takes what this machine reached as it is, without --utilisation', () => {
    const devices = [{ name: 'this machine', count: 1, peak: 0.01, isMeasured: true }, parseDevice('mine=0.01', 'f32')];
    const plan = planOf({ preset: PRESETS['10M'], tokens: 1e6, rows: 4, storage: 'f32', devices, utilisation: 0.5 });
    expect(plan.devices[0].seconds).toBeCloseTo(plan.flops / 1e10);
    expect(plan.devices[1].seconds).toBeCloseTo(2 * plan.devices[0].seconds);
    const text = planText([{ name: '10M', ...plan }], { precision: 'f32', utilisation: 0.5 });
    expect(text).toMatch(/this machine, 0\.010 TFLOP\/s reached/);
  });

  it('plans sizes that are trained elsewhere: by name, sharded, with a config that transformers takes', async () => {
    for (const [name, preset] of Object.entries(ELSEWHERE)) {
      const billions = parameterCount(modelConfig(preset)) / 1e9;
      expect(Math.abs(billions / Number.parseInt(name, 10) - 1), name).toBeLessThan(0.05);
    }
    const asked = { preset: ELSEWHERE['7B'], tokens: 0, uniqueTokens: 142e9, rows: 1, storage: 'f16' } as const;
    const devices = ['h100', '8xh100'].map((device) => parseDevice(device, 'f16'));
    const plan = planOf({ ...asked, devices, utilisation: 0.4, sharded: true });
    expect(plan.memoryBytes).toBe(16 * plan.parameters);
    expect(plan.devices.map(({ fits }) => fits)).toEqual([false, true]);
    expect(plan.epochs).toBeCloseTo((20 * plan.parameters) / 142e9);
    const out = join(temporaryFolder(), 'seven');
    const tokenizerDir = temporaryFolder();
    await writeTokenizer(tokenizerDir, 300);
    await writeModelConfig(out, plan.config, tokenizerDir);
    const config = JSON.parse(readFileSync(join(out, 'config.json'), 'utf8'));
    expect(config).toMatchObject({ hidden_size: 4096, num_key_value_heads: 8, tie_word_embeddings: false });
  });

  it('marks epochs beyond reason', () => {
    const text = (uniqueTokens: number): string => {
      const options = { preset: PRESETS['1M'], tokens: 1e8, uniqueTokens, rows: 16, storage: 'f32' } as const;
      const plan = planOf({ ...options, devices: [], utilisation: 0.5 });
      return planText([{ name: '1M', ...plan }], { uniqueTokens, precision: 'f32', utilisation: 0.5 });
    };
    expect(text(5e7)).toMatch(/epochs over the data +2\.00$/m);
    expect(text(1e7)).toMatch(/epochs over the data +10\.0 !$/m);
    expect(text(1e6)).toMatch(/epochs over the data +100 !!$[\s\S]*40\.0 M --training-tokens/m);
  });

  it.each([
    [1, 1],
    [4, 3.73], // nearly as good as fresh
    [16, 10.58],
    [1000, 16.39], // however long
  ])('%s epochs are worth %s in fresh text (Muennighoff et al. 2023)', (epochs, worth) => {
    expect(effectiveTokens(1e6, epochs * 1e6) / 1e6).toBeCloseTo(worth, 1);
  });

  it('has presets of the sizes that their names say', () => {
    for (const [name, preset] of Object.entries(PRESETS)) {
      const ratio = parameterCount(modelConfig(preset)) / (Number.parseFloat(name) * 1e6);
      expect(ratio, name).toBeGreaterThan(0.8);
      expect(ratio, name).toBeLessThan(1.3);
    }
  });

  it('puts it together', () => {
    const device = parseDevice('2xmine=0.5', 'f32');
    const plan = planOf({
      preset: PRESETS['1M'],
      tokens: 0,
      uniqueTokens: 5e6,
      rows: 16,
      storage: 'f32',
      devices: [device],
      utilisation: 0.5,
    });
    expect(plan.tokens).toBe(20 * plan.parameters);
    expect(plan.epochs).toBeCloseTo(plan.tokens / 5e6);
    expect(plan.dataCeiling).toBe(2e7);
    expect(plan.devices[0].seconds).toBeCloseTo(plan.flops / (2 * 0.5e12 * 0.5));
    expect(plan.devices[0].fits).toBeUndefined();
    expect(parseDevice('8xH100', 'f16')).toEqual({ name: 'H100', count: 8, peak: 989, memoryGb: 80 });
  });

  it.each(['nothing', '0xh100', 'h100=', 'x'])('refuses the device %s', (text) => {
    expect(() => parseDevice(text, 'f32')).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }));
  });
});

/** A sweep as it looks: flat, falling, broken away. */
const sweep = (smooth: (power: number) => number): SweepPoint[] =>
  Array.from({ length: 61 }, (_, i) => ({
    step: i + 1,
    rate: 10 ** (-4 + i / 15),
    loss: 0,
    smooth: smooth(-4 + i / 15),
  }));

describe('lr-find', () => {
  it('suggests between the steepest fall and the lowest point', () => {
    const suggestion = suggestRate(
      sweep((power) => 9 - 2 / (1 + Math.exp(-6 * (power + 2))) + Math.max(0, power + 1) * 5),
    );
    expect(Math.log10(suggestion!.steepest)).toBeCloseTo(-2, 0);
    expect(Math.log10(suggestion!.lowest)).toBeCloseTo(-1, 0);
    expect(Math.log10(suggestion!.suggested)).toBeCloseTo(-1.5, 0);
  });

  it('smooths to both sides: the lowest point of a noisy sweep stays where it is', () => {
    const noise = normal(1, 61, 0.02);
    const losses = sweep(() => 0).map((point, i) => ({ ...point, loss: 5 + ((i - 40) / 20) ** 2 + noise[i] }));
    const lowest = centred(losses).reduce((a, b) => (b.smooth < a.smooth ? b : a));
    expect(Math.abs(lowest.step - 41)).toBeLessThanOrEqual(3); // a mean of the past alone: 10 steps behind
  });

  it('suggests nothing when the loss never falls', () => {
    expect(suggestRate(sweep((power) => 9 + power))).toBeUndefined();
    expect(suggestRate([])).toBeUndefined();
  });

  it('sweeps a real model until its loss breaks away', async () => {
    const gpu = await sharedGpu();
    const config = modelConfig({ vocabSize: 61, depth: 1, width: 32, context: 16 });
    const trainer = await Trainer.create(gpu, config, { rows: 4, optimizer: OPTIMIZER });
    trainer.arena.initialise(config, 1);
    const random = seededRandom(1);
    function* batches() {
      for (;;) {
        const tokens = Uint32Array.from({ length: 64 }, () => Math.floor(random() * 8));
        yield { tokens, targets: tokens.map((token) => (token + 1) % 8), counted: 64 };
      }
    }
    const points: SweepPoint[] = [];
    for await (const point of sweepRates(trainer, batches(), { from: 1e-3, to: 100, steps: 16 })) points.push(point);
    expect(points[0].rate).toBeCloseTo(1e-3);
    expect(points.length).toBeLessThan(16);
    const { suggested } = suggestRate(points)!;
    expect(suggested).toBeGreaterThan(1e-3);
    expect(suggested).toBeLessThan(1);
    trainer.release();
  });
});
