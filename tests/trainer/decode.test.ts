/** Writing text: the cache gives the logits of the whole forward pass; draws; continuations. */
import { beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../shards/checksum.ts';
import { Tokenizer } from '../../tokenizer/load.ts';
import { Decoder } from '../../trainer/generate/decode.ts';
import { draw } from '../../trainer/generate/draw.ts';
import { Sampler, samplePrompts, WholeWindow } from '../../trainer/generate/sample.ts';
import type { Gpu } from '../../trainer/gpu/device.ts';
import { normal } from '../../trainer/gpu/random.ts';
import { Arena } from '../../trainer/model/arena.ts';
import { modelConfig, sizeOf } from '../../trainer/model/config.ts';
import { temporaryFolder } from '../support.ts';
import { sharedGpu } from './device.ts';
import { writeTokenizer } from './support.ts';

const config = modelConfig({ vocabSize: 61, depth: 2, width: 64, context: 16 });
let gpu: Gpu;
let arena: Arena;

/** Weights without the zeros of a fresh model, so that every part has its say. */
function fillArena(seed: number): void {
  for (const [i, parameter] of arena.parameters.entries()) {
    const values = normal(seed + i, sizeOf(parameter), parameter.group === 'norm' ? 0.3 : 0.2);
    arena.write('params', parameter.name, parameter.group === 'norm' ? values.map((value) => 1 + value) : values);
  }
}

beforeAll(async () => {
  gpu = await sharedGpu();
  arena = new Arena(gpu, config, { parts: ['params'] });
  fillArena(1);
});

const tokens = (seed: number, length: number): number[] => {
  const random = seededRandom(seed);
  return Array.from({ length }, () => Math.floor(random() * config.vocabSize));
};
const farthest = (a: Float32Array, b: Float32Array): number =>
  a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i])), 0);

describe('Decoder', () => {
  it('gives the logits of the whole forward pass at every length, however the tokens came', async () => {
    const [decoder, window] = [await Decoder.create(gpu, config, arena), await WholeWindow.create(gpu, config, arena)];
    const buffers = gpu.liveBuffers;
    const text = tokens(1, 16);
    // one by one; a branch off the middle; a prompt at once; a text with nothing in common
    const calls = [
      ...text.map((_, i) => text.slice(0, i + 1)),
      [...text.slice(0, 7), ...tokens(2, 5)],
      text.slice(0, 12),
      tokens(3, 16),
    ];
    for (const call of calls) {
      const expected = await window.logits(call);
      const scale = Math.max(...expected.map(Math.abs));
      expect(scale).toBeGreaterThan(0.5);
      expect(farthest(await decoder.logits(call), expected) / scale).toBeLessThan(1e-5);
    }
    expect(gpu.liveBuffers).toBe(buffers);

    fillArena(100);
    const before = await decoder.logits(tokens(3, 16));
    decoder.forget();
    expect(farthest(await decoder.logits(tokens(3, 16)), await window.logits(tokens(3, 16)))).toBeLessThan(1e-4);
    expect(farthest(before, await window.logits(tokens(3, 16)))).toBeGreaterThan(1e-2);
    decoder.release();
    window.release();
  });

  it('writes on beyond the context, the same for the same seed', async () => {
    const sampler = await Sampler.create(gpu, config, arena);
    const write = async (temperature: number, seed: number, stopId = -1): Promise<number[]> => {
      const ids: number[] = [];
      const options = { count: 20, temperature, topK: 20, topP: 0.95, seed, stopId };
      for await (const id of sampler.generate([60, 7], options)) ids.push(id);
      return ids;
    };
    const [first] = [await write(1, 4)];
    expect(first).toHaveLength(20);
    expect(await write(1, 4)).toEqual(first);
    expect(await write(1, 5)).not.toEqual(first);
    expect(await write(0, 4)).toEqual(await write(0, 5));
    expect(await write(1, 4, first[9])).toEqual(first.slice(0, first.indexOf(first[9])));
    sampler.release();
  });
});

it('samples fixed prompts of a run with the weights as they are, the same each time', async () => {
  const dir = temporaryFolder();
  const small = modelConfig({ vocabSize: await writeTokenizer(dir, 300), depth: 1, width: 32, context: 16 });
  const tokenizer = await Tokenizer.load(dir);
  const weights = new Arena(gpu, small, { parts: ['params'] });
  weights.initialise(small, 1);
  const sampler = await Sampler.create(gpu, small, weights);
  const look = () => samplePrompts(sampler, tokenizer, ['Hà Nội', ''], { count: 6, temperature: 1, seed: 2 });
  const first = await look();
  expect(first.map(({ prompt }) => prompt)).toEqual(['Hà Nội', '']);
  expect(await look()).toEqual(first);
  weights.write('params', 'model.embed_tokens.weight', normal(9, 300 * 32, 1));
  expect(await look()).not.toEqual(first);
  sampler.release();
});

describe('draw', () => {
  const logits = Float32Array.from([1, 3, 2, 3, -5]);
  const shares = (options: Parameters<typeof draw>[1]): number[] => {
    const random = seededRandom(1);
    const counts = [0, 0, 0, 0, 0];
    for (let i = 0; i < 4000; i++) counts[draw(logits, options, random)] += 1 / 4000;
    return counts;
  };
  it('takes the first of the likeliest at temperature 0', () => {
    expect(draw(logits, { temperature: 0 }, () => 0.99)).toBe(1);
  });
  it('draws in the shares of the softmax', () => {
    const weights = Array.from(logits, (logit) => Math.exp(logit / 2));
    const total = weights.reduce((a, b) => a + b);
    for (const [i, share] of shares({ temperature: 2 }).entries())
      expect(Math.abs(share - weights[i] / total)).toBeLessThan(0.03);
  });
  it.each([
    ['the top k, lower ids first', { topK: 1 }, [1]],
    ['the top k of equals', { topK: 2 }, [1, 3]],
    ['the top p', { topP: 0.5 }, [1, 3]],
    ['a top p below the likeliest', { topP: 0.01 }, [1]],
    ['both', { topK: 3, topP: 0.9 }, [1, 2, 3]],
    ['neither', {}, [0, 1, 2, 3]],
  ])('keeps %s', (_name, options, kept) => {
    const drawn = shares({ temperature: 1, ...options });
    expect(drawn.flatMap((share, id) => (share > 0 ? [id] : []))).toEqual(kept);
  });
});
