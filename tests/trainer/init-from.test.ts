/** Going on from weights: what transformers writes gives its logits here, what is not ours is refused, training goes on. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../shards/checksum.ts';
import { exportCheckpoint } from '../../trainer/export/export.ts';
import type { Gpu } from '../../trainer/gpu/device.ts';
import { Arena } from '../../trainer/model/arena.ts';
import type { ModelConfig } from '../../trainer/model/config.ts';
import { openCheckpoint } from '../../trainer/record/checkpoint.ts';
import { readCurve } from '../../trainer/record/curve.ts';
import { configFromHuggingFace } from '../../trainer/record/huggingface-config.ts';
import { loadWeights, openWeights } from '../../trainer/record/weights.ts';
import type { TrainingOptions } from '../../trainer/run/options.ts';
import { runTraining } from '../../trainer/run/run.ts';
import { context, temporaryFolder } from '../support.ts';
import { sharedGpu } from './device.ts';
import { allLogits } from './logits.ts';
import { makeTokens, randomCheckpoint, writeTokenizer } from './support.ts';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await sharedGpu('embedded');
});

/** Logits [rows, T, V] of the weights in a folder, over whole rows of its context or less. */
async function logitsOf(dir: string, rows: number[][]): Promise<{ logits: Float32Array; config: ModelConfig }> {
  const weights = openWeights(dir);
  const config = { ...weights.config, context: rows[0].length };
  const arena = new Arena(gpu, config, { parts: ['params'] });
  loadWeights(weights, arena);
  const logits = await allLogits(gpu, config, arena, rows);
  arena.release();
  return { logits, config };
}

const randomIds = (rows: number, length: number, vocabSize: number): number[][] => {
  const random = seededRandom(9);
  return Array.from({ length: rows }, () => Array.from({ length }, () => Math.floor(random() * vocabSize)));
};

/** Largest difference over the largest logit, and positions where another token is the likeliest by more than a tie. */
function compared(ours: Float32Array, theirs: Float32Array, V: number) {
  expect(ours.length).toBe(theirs.length);
  let [worst, largest, others] = [0, 0, 0];
  for (let at = 0; at < ours.length; at += V) {
    const [a, b] = [ours.subarray(at, at + V), theirs.subarray(at, at + V)];
    let [best, itsBest] = [0, 0];
    for (let v = 0; v < V; v++) {
      worst = Math.max(worst, Math.abs(a[v] - b[v]));
      largest = Math.max(largest, Math.abs(b[v]));
      if (a[v] > a[best]) best = v;
      if (b[v] > b[itsBest]) itsBest = v;
    }
    if (best !== itsBest && Math.abs(b[best] - b[itsBest]) > 1e-4) others++;
  }
  return { worst: worst / largest, others, positions: ours.length / V };
}

describe('a folder of transformers that our own export wrote', () => {
  it.each([
    ['qwen3', true, 32],
    ['llama', false, 16],
  ] as const)('gives back the model: %s, tied %s, heads of %i', async (architecture, tied, headSize) => {
    const root = temporaryFolder('file');
    const vocabSize = await writeTokenizer(join(root, 'tokenizer'), 400);
    const change = { architecture, tied, headSize, heads: 2, keyHeads: 1 };
    const { dir } = await randomCheckpoint(join(root, 'run'), join(root, 'tokenizer'), vocabSize, change);
    const exported = {
      checkpoint: dir,
      out: join(root, 'hf'),
      format: 'hf',
      ggufType: 'f16',
      name: 'x',
      best: false,
    } as const;
    await exportCheckpoint(exported, context().signal);
    const ids = randomIds(2, 32, vocabSize);
    const [own, theirs] = [await logitsOf(dir, ids), await logitsOf(join(root, 'hf'), ids)];
    expect(theirs.config).toEqual(own.config);
    expect(Buffer.compare(Buffer.from(own.logits.buffer), Buffer.from(theirs.logits.buffer))).toBe(0);
    expect(own.logits.some((value) => value !== 0)).toBe(true);
  });
});

const QWEN3 = {
  ...{ model_type: 'qwen3', vocab_size: 300, hidden_size: 64, intermediate_size: 96, num_hidden_layers: 2 },
  ...{ num_attention_heads: 4, num_key_value_heads: 2, head_dim: 32, hidden_act: 'silu', rms_norm_eps: 1e-5 },
  ...{ max_position_embeddings: 512, rope_theta: 5000, tie_word_embeddings: true, use_sliding_window: false },
};

describe('config.json', () => {
  it('is read as versions 4 and 5 write it', () => {
    const four = configFromHuggingFace({ ...QWEN3, sliding_window: null, rope_scaling: null }, 'c');
    expect(four).toMatchObject({ headSize: 32, ropeBase: 5000, eps: 1e-5, tied: true, context: 512, keyHeads: 2 });
    const { rope_theta: _, ...rest } = QWEN3;
    const five = {
      ...rest,
      rope_parameters: { rope_type: 'default', rope_theta: 5000 },
      layer_types: ['full_attention'],
    };
    expect(configFromHuggingFace({ ...five, dtype: 'bfloat16' }, 'c')).toEqual(four);
    const { head_dim: _h, num_key_value_heads: _k, ...llama } = { ...QWEN3, model_type: 'llama' };
    expect(configFromHuggingFace(llama, 'c')).toMatchObject({ architecture: 'llama', headSize: 16, keyHeads: 4 });
  });

  it.each([
    ['model_type', 'gemma3'],
    ['hidden_act', 'gelu'],
    ['head_dim', 80],
    ['hidden_size', 72],
    ['intermediate_size', 90],
    ['num_key_value_heads', 3],
    ['num_hidden_layers', '2'],
    ['rms_norm_eps', 0],
    ['attention_bias', true],
    ['mlp_bias', true],
    ['use_sliding_window', true],
    ['layer_types', ['full_attention', 'sliding_attention']],
    ['rope_scaling', { rope_type: 'yarn', factor: 4 }],
    ['rope_scaling', { type: 'linear', factor: 2 }],
    ['rope_parameters', { rope_type: 'llama3', rope_theta: 5000, factor: 8 }],
    ['rope_parameters', { rope_type: 'default', rope_theta: 5000, partial_rotary_factor: 0.5 }],
    ['rope_theta', 'large'],
    ['quantization_config', { quant_method: 'gptq' }],
    ['num_experts', 8],
    ['auto_map', { AutoModelForCausalLM: 'x.Model' }],
    ['final_logit_softcapping', 30],
  ])('is refused where %s is %j, by this name', (key, value) => {
    expect(() => configFromHuggingFace({ ...QWEN3, [key]: value }, 'm/config.json')).toThrow(
      expect.objectContaining({
        code: 'NOT_IMPORTABLE',
        message: expect.stringContaining(`m/config.json: ${key} is `),
      }),
    );
  });
});

const { VUA_PYTHON: python, VUA_LONG: long } = process.env;
const SIZE = { vocab_size: 300, hidden_size: 64, intermediate_size: 96, num_hidden_layers: 2, num_attention_heads: 4 };
const MADE = [
  { kind: 'qwen3', dtype: 'float32', shard: null, head_dim: 32, tie_word_embeddings: true },
  { kind: 'qwen3', dtype: 'bfloat16', shard: '50KB', head_dim: 128, tie_word_embeddings: false },
  { kind: 'llama', dtype: 'float32', shard: null, head_dim: 128, tie_word_embeddings: false },
  { kind: 'llama', dtype: 'float16', shard: '50KB', head_dim: 16, tie_word_embeddings: true },
];
/** Positions of each: 10,240 with VUA_LONG. */
const ROWS = long ? 40 : 4;
let made: string | undefined;

/** Makes all of them in one Python process. */
function makeModels(ids: number[][]): string {
  const root = temporaryFolder('file');
  const asked = MADE.map(({ kind, dtype, shard, ...shapes }, i) => ({
    ...{ kind, dtype, shard, ids, folder: join(root, `${i}`) },
    config: { ...SIZE, ...shapes, num_key_value_heads: 2, rope_theta: 20_000, max_position_embeddings: 4096 },
  }));
  writeFileSync(join(root, 'asked.json'), JSON.stringify(asked));
  const script = fileURLToPath(new URL('../golden/init-from.py', import.meta.url));
  const env = { ...process.env, OMP_NUM_THREADS: '1' };
  execFileSync(python!, [script, join(root, 'asked.json')], { stdio: ['ignore', 'ignore', 'pipe'], env });
  return root;
}

it.for(MADE.map((one, i) => ({ ...one, i })))(
  'gives the logits of transformers: $kind, $dtype, shards $shard, heads of $head_dim, tied $tie_word_embeddings',
  { timeout: 300_000 },
  async ({ i, shard }, { skip }) => {
    if (!python) return skip('set VUA_PYTHON to a Python with transformers');
    const ids = randomIds(ROWS, 256, SIZE.vocab_size);
    made ??= makeModels(ids);
    const dir = join(made, `${i}`);
    expect(existsSync(join(dir, 'model.safetensors.index.json'))).toBe(shard !== null);
    const theirs = new Float32Array(new Uint8Array(readFileSync(join(dir, 'logits.f32'))).buffer);
    const { worst, others, positions } = compared((await logitsOf(dir, ids)).logits, theirs, SIZE.vocab_size);
    expect(worst).toBeLessThanOrEqual(1e-5);
    expect(others).toBe(0);
    expect(positions).toBe(256 * ROWS);
  },
);

it('goes on with other tokens, context, batch and rate, and resumes without the weights', async () => {
  const [tokens, root] = [await makeTokens(), temporaryFolder('file')];
  await randomCheckpoint(join(root, 'first'), tokens, 257, { layers: 1 });
  const next: TrainingOptions = {
    ...{ tokens: [tokens], weights: [], layout: 'stream', adapter: 'embedded', gpu, start: 'new', seed: 1 },
    ...{ out: join(root, 'next'), initFrom: join(root, 'first'), depth: 0, width: 0, context: 24, ropeBase: 20_000 },
    ...{ batch: 3, steps: 6, learningRate: 0.003, evaluateEvery: 6, evaluateTokens: 600, checkpointEvery: 3 },
  };
  await expect(runTraining({ ...next, depth: 2 }, context())).rejects.toMatchObject({
    ...{ code: 'BAD_OPTION', message: expect.stringContaining('--depth 2: ') },
  });
  const heard = context();
  const { report } = await runTraining(next, heard);
  expect(heard.err.join('')).toContain('going on from the weights of ');
  expect(report.heldOutBitsPerByte).toBeLessThan(readCurve(join(root, 'next')).head.untrainedBitsPerByte);
  const weights = readFileSync(join(report.checkpoint, 'model.safetensors'));
  const { config } = openCheckpoint(join(root, 'next')).state;
  expect(config).toMatchObject({ context: 24, ropeBase: 20_000, layers: 1, width: 64, vocabSize: 257 });

  // Killed behind step 3, the weights gone meanwhile: it goes on to the bit.
  for (const gone of ['first', 'next/step-000006']) rmSync(join(root, gone), { recursive: true });
  await runTraining({ ...next, start: 'resume' }, context());
  expect(readFileSync(join(report.checkpoint, 'model.safetensors')).equals(weights)).toBe(true);
});
