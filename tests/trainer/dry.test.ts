/** What steps would do on GPUs that are not here: counted on devices that allocate nothing. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { dryBench, type Prediction, predictStep, ratesOf } from '../../trainer/bench/predict.ts';
import { cardOf, dryFacts, usableGb } from '../../trainer/gpu/cards.ts';
import { Gpu } from '../../trainer/gpu/device.ts';
import { freeByName, freeGbOf } from '../../trainer/gpu/free-memory.ts';
import { paceFor, partsOf } from '../../trainer/gpu/program.ts';
import { isMatmul } from '../../trainer/kernels/matmul.ts';
import { Arena } from '../../trainer/model/arena.ts';
import { modelConfig, PRESETS, parameterCount } from '../../trainer/model/config.ts';
import { rowsOfChunk } from '../../trainer/model/head.ts';
import { Trainer } from '../../trainer/model/trainer.ts';
import { isSame, trainGrammar } from '../../trainer/proofs/training.ts';
import { defaultMemoryGb, optimizerOf, recipeOf } from '../../trainer/run/recipe.ts';
import type { RecipeOptions } from '../../trainer/run/recipe-options.ts';
import { temporaryFolder } from '../support.ts';
import { sharedGpu } from './device.ts';

const h200 = dryFacts('h200');
const sizes: RecipeOptions = { depth: 0, width: 0, context: 0, batch: 0, steps: 1000, learningRate: 0 };
const predict = (options: Partial<RecipeOptions>, vocabSize: number, facts = h200): Prediction =>
  predictStep(facts, cardOf(facts.name)!, { ...sizes, ...options }, vocabSize);

const presets = Object.entries(PRESETS).map(
  ([preset, { vocabSize }]) => [{ preset } as Partial<RecipeOptions>, vocabSize] as const,
);
const others = [
  [{ depth: 8, memoryGb: 8 }, 32_768],
  [{ depth: 13 }, 32_768],
  [{ depth: 16, memoryGb: 40 }, 50_304],
  [{ depth: 19, memoryGb: 120 }, 32_768],
  [{ depth: 24 }, 50_304],
  [{ depth: 32, memoryGb: 40, microBatch: 4 }, 50_304],
] as const;

it.each([...presets, ...others])(
  '%j: every product on matrix units, every multiprocessor at work',
  (options, vocab) => {
    const { flops, few, recipe } = predict(options, vocab);
    expect([flops.matrix > 0, flops.fma]).toEqual([true, 0]);
    // Newton–Schulz on matrices of 64 and 128 has no more to give.
    for (const { reason } of few)
      expect(reason).toMatch(/^\d+ × \d+ × \d+ in tiles of 32×32, the smallest; no gradient, so K/);
    expect(few.length > 0).toBe(recipe.config.width < 512);
    const trainer = new Trainer(Gpu.dry(h200), recipe.config, recipe.trainer);
    const chunks = trainer.programSteps.gradients
      .filter(
        ({ kernel, dims }) =>
          isMatmul(kernel) && kernel.problem.layout === 'nt' && dims.N === recipe.config.paddedVocab,
      )
      .map(({ dims }) => dims.M);
    expect(new Set(chunks).size).toBe(1);
  },
);

it('the 124M preset with the default command, by the stated model', () => {
  const { seconds, tokens, recipe, bytes } = predict({ preset: '124M' }, 50_304);
  expect(tokens).toBe(73_728);
  expect(recipe.accumulate).toBe(1);
  expect(ratesOf(cardOf('NVIDIA H200')!)).toMatchObject({
    ...{ matrix: 220e12, fma: 25e12, attentionMatrix: 55e12, attentionFma: 6e12, bandwidth: 3.9e12, dispatch: 4e-6 },
  });
  expect(seconds).toBeLessThan(0.4);
  expect(bytes).toBeLessThan(240e9);
});

it('asks the driver what is free, by the name of the card', () => {
  const smi = 'NVIDIA H200, 142600\nNVIDIA H200, 20\nNVIDIA GeForce RTX 3060, 11800\nNVIDIA GB10, [N/A]\n';
  expect(freeByName('NVIDIA H200', smi)).toBeCloseTo(149.5269, 3);
  expect(freeByName('GeForce RTX 3060', smi)).toBeCloseTo(12.3732, 3);
  expect(freeByName('NVIDIA GB10', smi)).toBeUndefined();
  expect(freeByName('NVIDIA H100', smi)).toBeUndefined();
  expect(freeByName('NVIDIA H200', '')).toBeUndefined();
  const drm = temporaryFolder();
  for (const [card, total, used] of [
    ['card0', 5e8, 1e8],
    ['card1', 24e9, 3e9],
  ] as const) {
    mkdirSync(join(drm, card, 'device'), { recursive: true });
    writeFileSync(join(drm, card, 'device', 'mem_info_vram_total'), `${total}\n`);
    writeFileSync(join(drm, card, 'device', 'mem_info_vram_used'), `${used}\n`);
  }
  mkdirSync(join(drm, 'card1-DP-1'));
  expect(freeGbOf('AMD Radeon RX 7900 XTX', 'amd', drm)).toBe(21);
  expect(freeGbOf('AMD Radeon RX 7900 XTX', 'amd', join(drm, 'none'))).toBeUndefined();
  expect(freeGbOf('Intel Arc A770', 'intel', drm)).toBeUndefined();
});

it("moves the optimizer's constants where they are given", () => {
  const standard = { beta1: 0.9, beta2: 0.95, eps: 1e-8, muonRatio: 0.7, weightDecay: 0.1, clip: 1, zLoss: 0 };
  const kept = { momentum: 0.95, ema: 0, decayKind: { cautious: false, scheduled: false } };
  expect(optimizerOf(sizes)).toEqual({ ...standard, ...kept, matrices: 'muon' });
  const others = { beta1: 0.8, beta2: 0.98, muonRatio: 1 };
  expect(optimizerOf({ ...sizes, ...others, epsilon: 1e-6, optimizer: 'adamw' })).toEqual({
    ...{ ...standard, ...kept, ...others },
    ...{ eps: 1e-6, matrices: 'adamw' },
  });
});

it('takes the memory of the card, and rounds the batch to micro-batches', () => {
  expect(usableGb({ name: 'NVIDIA H200', kind: 'gpu', freeGb: 100 })).toBe(90);
  expect(defaultMemoryGb(h200)).toBeCloseTo(0.7 * 141);
  expect(defaultMemoryGb(dryFacts('rtx3060'))).toBeCloseTo(8.4);
  expect(defaultMemoryGb({ ...h200, name: 'a GPU that nobody knows' })).toBe(8);
  expect(defaultMemoryGb({ ...h200, kind: 'software' })).toBe(2);
  const shape = (options: Partial<RecipeOptions>): number[] => {
    const { accumulate, trainer, memory } = recipeOf({ ...sizes, ...options }, 32_768, h200);
    expect(memory.bytes).toBeLessThanOrEqual(1e9 * (options.memoryGb ?? defaultMemoryGb(h200)));
    return [accumulate, trainer.rows];
  };
  const [parts, rows] = shape({ preset: '350M' });
  expect([parts * rows, rows >= 64]).toEqual([288, true]);
  const [some, each] = shape({ depth: 19, memoryGb: 40 }); // 181 rows, a prime
  expect(some).toBeLessThan(10);
  expect(some * each).toBeGreaterThanOrEqual(181);
  expect(some * each).toBeLessThan(181 + some);
});

it('cuts the rows of the head into equal chunks', () => {
  expect(rowsOfChunk(73_728, 100_608, 2 ** 31 - 4)).toBe(18_432);
  expect(rowsOfChunk(12_288, 100_608, 64 * 2 ** 20)).toBe(512); // 640 fit, which leaves a rest of 128
  expect(rowsOfChunk(1024, 4096, 2 ** 26)).toBe(1024);
  expect(rowsOfChunk(1000, 4096, 2 ** 20)).toBe(256); // no number of chunks is even
});

it('no kernel of a step lets one invocation add up what many could', () => {
  const { recipe } = predict({ preset: '350M' }, 32_768);
  const { forward, gradients, update } = new Trainer(Gpu.dry(h200), recipe.config, recipe.trainer).programSteps;
  for (const { kernel, dims } of [...forward, ...gradients, ...update])
    expect(kernel.serial?.(dims) ?? 0, kernel.name).toBeLessThan(400);
});

it('prints a prediction for GPUs by name, and refuses names that it does not know', () => {
  for (const name of ['h100', 'H200', 'rtx4090', 'rtx3060', 'm1-max']) {
    const [{ text, model }] = dryBench(name, '10M');
    expect(text(3)).toMatch(new RegExp(`^${model} on ${name.toLowerCase()}, predicted: \\d+ ms a step, .* tokens/s`));
    expect(text(3)).toContain('100 % on matrix units');
  }
  expect(() => dryBench('gtx')).toThrow(expect.objectContaining({ code: 'BAD_OPTION', exitStatus: 2 }));
  expect(() => dryBench('h200', '1B')).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }));
});

it('a model of 1.5 billion parameters lies in pages of a GiB, and a hint names what is too large', () => {
  const recipe = recipeOf({ ...sizes, depth: 32, microBatch: 4 }, 50_304, h200);
  expect(parameterCount(recipe.config)).toBeGreaterThan(1.5e9);
  const gpu = Gpu.dry(h200);
  const { arena } = new Trainer(gpu, recipe.config, recipe.trainer);
  const pages = arena.pages('params').map(({ tensor }) => tensor.elements * 4);
  expect(Math.max(...pages)).toBeLessThanOrEqual(2 ** 30);
  expect(pages.reduce((sum, bytes) => sum + bytes)).toBe(4 * arena.size);
  expect(arena.bytes).toBe(recipe.memory.modelBytes);
  const small = { ...h200, limits: { ...h200.limits, maxStorageBufferBindingSize: 2 ** 27 } };
  const table = modelConfig({ vocabSize: 50_304, depth: 1, width: 1024 });
  expect(() => new Arena(Gpu.dry(small), table)).toThrow(
    expect.objectContaining({ code: 'OUT_OF_MEMORY', hint: expect.stringContaining('lower --width') }),
  );
});

it('no submission takes a GPU longer than drivers allow, and a CPU has one', () => {
  const slow = { ...dryFacts('m1'), name: 'a GPU that nobody knows', features: [], matrixConfigs: [] };
  for (const [facts, preset] of [
    [slow, '30M'],
    [h200, '124M'],
  ] as const) {
    const recipe = recipeOf({ ...sizes, preset }, 50_304, facts);
    const { forward, gradients, update } = new Trainer(Gpu.dry(facts), recipe.config, recipe.trainer).programSteps;
    const pace = paceFor(facts)!;
    const steps = [...forward, ...gradients, ...update];
    const seconds = steps.map(({ kernel, dims }) => pace.secondsOf(kernel, dims));
    expect(Math.max(...seconds), facts.name).toBeLessThan(1);
    let from = 0;
    for (const to of partsOf(steps, pace)) {
      const sum = seconds.slice(from, to).reduce((a, b) => a + b, 0);
      expect(to - from === 1 || sum <= pace.most).toBe(true);
      from = to;
    }
    expect(from).toBe(steps.length);
  }
  expect(paceFor({ ...h200, kind: 'embedded' })).toBeUndefined();
});

it('pages and submissions in parts do not change what is computed, to the bit', async () => {
  const gpu = await sharedGpu();
  const buffers = gpu.liveBuffers;
  const pace = { most: 3, secondsOf: () => 1 };
  expect(isSame(await trainGrammar(gpu, 4), await trainGrammar(gpu, 4, { pageBytes: 4096, pace }))).toBe(true);
  expect(gpu.liveBuffers).toBe(buffers);
});
