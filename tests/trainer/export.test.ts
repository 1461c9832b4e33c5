/** Exports: what the files hold, what is refused, and the same logits and tokens in transformers and llama.cpp. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Tokenizer as HfTokenizer } from '@huggingface/tokenizers';
import { beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../shards/checksum.ts';
import { Tokenizer } from '../../tokenizer/load.ts';
import { SPLIT_RULES, splitNamed } from '../../tokenizer/text/split.ts';
import { differencesIn, elsewhereNotes } from '../../trainer/export/elsewhere.ts';
import { type ExportOptions, exportCheckpoint } from '../../trainer/export/export.ts';
import { llamaRuleOf } from '../../trainer/export/gguf-tokenizer.ts';
import { largest } from '../../trainer/export/model-card.ts';
import { openGpu } from '../../trainer/gpu/adapter.ts';
import { toHalf } from '../../trainer/gpu/half.ts';
import { openCurve } from '../../trainer/record/curve.ts';
import { TensorFile } from '../../trainer/record/tensor-file.ts';
import { exportParity } from '../golden/export-parity.ts';
import { temporaryFolder } from '../support.ts';
import { sampleTexts, tokenizerOf, train } from '../tokenizer/support.ts';
import { fromHalf, readGguf } from './gguf-read.ts';
import { randomCheckpoint, writeTokenizer } from './support.ts';

const text = {
  ...{ id: 'all', documents: 30, effectiveDocuments: 20.5, tokens: 9000, textBytes: 30_000 },
  split: { documents: 30, tokens: 9000, textBytes: 30_000 },
};
const root = temporaryFolder('file');
const tokenizerDir = join(root, 'tokenizer');
let vocabSize = 0;
beforeAll(async () => {
  vocabSize = await writeTokenizer(tokenizerDir, 2000);
});

const exportTo = (name: string, checkpoint: string, change: Partial<ExportOptions> = {}) =>
  exportCheckpoint(
    { checkpoint, out: join(root, name), format: 'both', ggufType: 'f16', name: 'thử', best: false, ...change },
    new AbortController().signal,
  );
const json = (...path: string[]) => JSON.parse(readFileSync(join(root, ...path), 'utf8'));

describe('a Hugging Face folder', () => {
  it('has the fields that transformers reads', async () => {
    const { dir } = await randomCheckpoint(join(root, 'qwen3'), tokenizerDir, vocabSize);
    const { files, warnings } = await exportTo('hf', dir, { format: 'hf', licence: 'cc-by-sa-3.0' });
    expect(warnings).toEqual([]);
    expect(files.map(({ path }) => path.slice(root.length + 4))).toEqual([
      'model.safetensors',
      'config.json',
      'generation_config.json',
      'tokenizer.json',
      'tokenizer_config.json',
      'README.md',
    ]);
    expect(json('hf', 'config.json')).toMatchObject({
      architectures: ['Qwen3ForCausalLM'],
      model_type: 'qwen3',
      vocab_size: vocabSize,
      head_dim: 16,
      tie_word_embeddings: true,
      rope_parameters: { rope_type: 'default', rope_theta: 10_000 },
    });
    expect(json('hf', 'tokenizer_config.json')).toMatchObject({
      clean_up_tokenization_spaces: false,
      model_input_names: ['input_ids', 'attention_mask'],
      chat_template: expect.stringContaining('{{ bos_token }}{% for message in messages %}'),
      additional_special_tokens: expect.arrayContaining(['<|user|>', '<|end|>']),
    });
    expect(existsSync(join(root, 'hf', '.export.partial'))).toBe(false);
    const bos = vocabSize - 16;
    expect(json('hf', 'generation_config.json').eos_token_id).toEqual([bos + 1, bos]);
    expect(json('hf', 'tokenizer.json').post_processor.special_tokens['<|bos|>'].ids).toEqual([bos]);
    // The JavaScript library gives our ids, BOS before them.
    const theirs = new HfTokenizer(json('hf', 'tokenizer.json'), json('hf', 'tokenizer_config.json'));
    const ours = await Tokenizer.load(tokenizerDir);
    for (const text of sampleTexts().slice(0, 5)) {
      expect(Array.from(theirs.encode(text).ids)).toEqual([bos, ...ours.encode(text)]);
    }
    const card = readFileSync(join(root, 'hf', 'README.md'), 'utf8');
    expect(card).toMatch(/^---\nlanguage: vi\nlicense: cc-by-sa-3.0\n/);
    expect(card).toContain('| optimizer steps | 7 |');
  });

  it.each([
    {
      name: 'closing figures of this step',
      closing: {
        step: 7,
        bitsPerByte: 1.8,
        standardError: 0.05,
        text,
        unigramBitsPerByte: 2.4,
        unigramStandardError: 0.06,
      },
      rows: [
        '| held-out bits per byte | 1.8000 ± 0.0500 |',
        '| the same text, unigram model | 2.4000 ± 0.0600 |',
        '| held-out text | 30 documents (effective 20.5), all 9,000 tokens |',
      ],
    },
    {
      name: 'closing figures of an older vua',
      closing: { step: 7, bitsPerByte: 1.8, unigramBitsPerByte: 2.4 },
      rows: [
        '| held-out bits per byte | 1.8000 |',
        '| the same text, unigram model | 2.4000 |',
        '| held-out text | all of it |',
      ],
    },
    {
      name: 'a run that was stopped: what its curve has',
      closing: { step: 12, bitsPerByte: 1.1, text, unigramBitsPerByte: 2.4 },
      rows: [
        '| held-out bits per byte, at step 5 | 1.9000 ± 0.1000 |',
        '| the same text, unigram model | 2.3000 |',
        '| held-out text | 8 documents (effective 7.5), 2,000 of 9,000 tokens |',
      ],
    },
    {
      name: 'a run of an older vua that was stopped: no unigram figure of other text',
      named: false,
      rows: [
        '| held-out bits per byte, at step 5 | 1.9000 ± 0.1000 |',
        '| held-out text | a part that the run does not name |',
      ],
    },
  ])('has a card with figures of one text: $name', async ({ closing, rows, named = true }) => {
    const run = temporaryFolder('file');
    const { dir } = await randomCheckpoint(run, tokenizerDir, vocabSize);
    const curve = openCurve(run, 0, {
      ...(named && { heldOut: { ...text, id: 'part', documents: 8, effectiveDocuments: 7.5, tokens: 2000 } }),
      ...{ unigramBitsPerByte: 2.3, untrainedBitsPerByte: 2.9, adapter: 'a', parameters: 1, tokensPerStep: 1 },
      trainBytesPerToken: 4,
    });
    for (const step of [5, 9]) {
      const figures = { heldOutBitsPerByte: 1.9 - (step - 5), heldOutStandardError: 0.1 };
      curve.append({ step, loss: 1, gradNorm: 1, learningRate: 1, tokensPerSecond: 1, dataWaitMs: 1, ...figures });
    }
    if (closing) writeFileSync(join(run, 'evaluation.json'), JSON.stringify({ sources: [], ...closing }));
    const out = temporaryFolder('file');
    await exportCheckpoint(
      { checkpoint: dir, out, format: 'hf', ggufType: 'f16', name: 'thử', best: false },
      new AbortController().signal,
    );
    const card = readFileSync(join(out, 'README.md'), 'utf8').split('\n');
    expect(card.filter((line) => /held-out|unigram/.test(line))).toEqual(rows);
  });

  it.each([
    ['activation', 'relu2'],
    ['softcap', 15],
    ['valueEmbeddings', true],
    ['residualScalars', true],
  ])('refuses a model trained with %s = %s, naming it', async (name, value) => {
    const { dir } = await randomCheckpoint(join(root, name), tokenizerDir, vocabSize, { [name]: value });
    await expect(exportTo('refused', dir)).rejects.toMatchObject({
      code: 'NOT_EXPORTABLE',
      message: expect.stringContaining(`${name} = ${value}`),
      exitStatus: 2,
    });
  });
});

describe('a GGUF file', () => {
  it.each([
    ['qwen3', true],
    ['llama', false],
  ] as const)('has the keys, tokens and weights of a %s model, tied: %s', async (architecture, tied) => {
    const made = await randomCheckpoint(join(root, architecture), tokenizerDir, vocabSize, { architecture, tied });
    await exportTo(`${architecture}-gguf`, made.dir, { format: 'gguf' });
    const { keys, tensors } = readGguf(readFileSync(join(root, `${architecture}-gguf`, 'thử-f16.gguf')));
    expect(keys).toMatchObject({
      'general.architecture': architecture,
      [`${architecture}.block_count`]: 2,
      [`${architecture}.attention.head_count_kv`]: made.config.keyHeads,
      'tokenizer.ggml.pre': 'llama-bpe',
      'tokenizer.ggml.add_bos_token': true,
    });
    const tokens = keys['tokenizer.ggml.tokens'] as string[];
    const types = keys['tokenizer.ggml.token_type'] as number[];
    expect([tokens.length, types.length]).toEqual([vocabSize, vocabSize]);
    expect(types[tokens.indexOf('<|bos|>')]).toBe(3);
    expect(types.includes(4)).toBe(false); // none is user-defined: its rule is ours
    expect(tensors.has('output.weight')).toBe(!tied);
    expect(tensors.has('blk.0.attn_q_norm.weight')).toBe(architecture === 'qwen3');

    const source = new TensorFile(join(made.dir, 'model.safetensors'));
    const stored = (name: string) => source.read(name);
    const { width: C, headSize: HS } = made.config;
    expect(tensors.get('token_embd.weight')!.sizes).toEqual([C, vocabSize]);
    const halves = (values: Float32Array) => Float32Array.from(toHalf(values), fromHalf);
    const same = (a: Float32Array, b: Float32Array) => Buffer.from(a.buffer).equals(Buffer.from(b.buffer));
    expect(same(tensors.get('token_embd.weight')!.data, halves(stored('model.embed_tokens.weight')))).toBe(true);
    expect(same(tensors.get('output_norm.weight')!.data, stored('model.norm.weight'))).toBe(true); // f32
    // llama.cpp's llama turns rows 2i and 2i + 1 of a head together, Hugging Face's rows i and i + HS/2.
    const q = stored('model.layers.1.self_attn.q_proj.weight');
    const found = tensors.get('blk.1.attn_q.weight')!.data;
    for (let row = 0; row < q.length / C; row++) {
      const d = row % HS;
      const from = architecture === 'qwen3' ? row : row - d + (d % 2 ? HS / 2 : 0) + Math.floor(d / 2);
      expect(same(found.slice(row * C, (row + 1) * C), halves(q.slice(from * C, (from + 1) * C)))).toBe(true);
    }
    source.close();
  });

  it('comes in bf16 and q8_0, with the chat template and a Modelfile; the safetensors file in bf16 and f16', async () => {
    const { dir, config } = await randomCheckpoint(join(root, 'narrow'), tokenizerDir, vocabSize);
    const stored = new TensorFile(join(dir, 'model.safetensors'));
    const name = 'model.layers.1.mlp.down_proj.weight';
    const values = stored.read(name);
    stored.close();
    for (const [ggufType, dtype, tolerance] of [
      ['q8_0', 'bf16', 1 / 127 / 2 + 2 ** -11],
      ['bf16', 'f16', 2 ** -8],
    ] as const) {
      await exportTo('narrow-out', dir, { ggufType, dtype });
      const bytes = readFileSync(join(root, 'narrow-out', `thử-${ggufType}.gguf`));
      const { keys, tensors } = readGguf(bytes);
      expect(keys['tokenizer.chat_template']).toBe(json('narrow-out', 'tokenizer_config.json').chat_template);
      expect(keys['general.file_type']).toBe(ggufType === 'q8_0' ? 7 : 32);
      const { data } = tensors.get('blk.1.ffn_down.weight')!;
      const largest = Math.max(...values.map(Math.abs));
      expect(Math.max(...values.map((value, i) => Math.abs(value - data[i])))).toBeLessThanOrEqual(largest * tolerance);
      expect(tensors.get('blk.1.ffn_norm.weight')!.type).toBe(0);
      const narrow = new TensorFile(join(root, 'narrow-out', 'model.safetensors'));
      expect(narrow.places.get(name)!.dtype).toBe(dtype.toUpperCase());
      const off = narrow
        .read(name)
        .map((value, i) => Math.abs(value - values[i]) / Math.max(Math.abs(values[i]), 2 ** -14));
      expect(Math.max(...off)).toBeLessThanOrEqual(dtype === 'bf16' ? 2 ** -8 : 2 ** -11);
      narrow.close();
      expect(json('narrow-out', 'config.json').torch_dtype).toBe(dtype === 'bf16' ? 'bfloat16' : 'float16');
      expect(readFileSync(join(root, 'narrow-out', 'Modelfile'), 'utf8')).toBe(
        `FROM ./thử-${ggufType}.gguf\nTEMPLATE "{{ .Prompt }}"\nPARAMETER num_ctx ${config.context}\nPARAMETER temperature 0.8\nPARAMETER top_k 40\nPARAMETER stop "<|bos|>"\n`,
      );
    }
  });

  it('names the split rule as llama.cpp does, and refuses one that it lacks', () => {
    const found = SPLIT_RULES.filter(({ name, digits }) => name !== 'vua' || digits !== 2).map((split) => {
      const { pre, isExact, spaced } = llamaRuleOf(split);
      return [split.name, split.digits, split.acrossSpaces, pre, isExact, spaced];
    });
    expect(found).toEqual([
      ['llama3', 3, false, 'llama-bpe', true, false],
      ['qwen2', 1, false, 'qwen2', true, false],
      ['qwen3.5', 1, false, 'qwen35', true, false],
      ['gpt2', 0, false, 'gpt-2', true, false],
      ['superbpe', 3, true, 'superbpe', true, false],
      ['vua', 1, false, 'qwen35', false, true],
      ['vua', 3, false, 'llama-bpe', false, true],
      ['vua', 1, true, 'superbpe', false, true],
      ['vua', 3, true, 'superbpe', false, true],
    ]);
    const twoDigits = () => llamaRuleOf(splitNamed('vua', { digits: 2 }));
    expect(twoDigits).toThrow(expect.objectContaining({ code: 'NOT_EXPORTABLE' }));
  });
});

/** What llama.cpp does otherwise is counted by its rule: no number loses its space but those with one that is a token. */
it('counts what differs in llama.cpp for a rule that it lacks, and says what NFD costs', async () => {
  const lines = sampleTexts()
    .slice(0, 8)
    .flatMap((text) => text.split('\n').filter(Boolean));
  const noted: string[] = [];
  for (const [split, maxSyllables] of [
    ['vua', 1],
    ['vua', 3],
    ['superbpe', 3],
    ['llama3', 1],
  ] as const) {
    const tokenizer = tokenizerOf(await train(sampleTexts(), { vocabSize: 1200, split, maxSyllables }));
    const rule = llamaRuleOf(tokenizer.split);
    const found = differencesIn([...lines, 'từ 1 đến 2, 34567 và 123 456'], tokenizer, rule)!;
    if (rule.isExact) expect(found.otherLines).toBe(0);
    if (rule.pre === 'superbpe' && !rule.isExact) expect(found.otherLines).toBeGreaterThan(0);
    expect(found.otherTokens / found.tokens).toBeLessThan(0.05);
    expect(found.decomposed).toBeGreaterThan(1.5);
    noted.push(...elsewhereNotes(rule, found));
  }
  expect(noted.filter((note) => /lines have other tokens there \(\d\.\d\d % of tokens\)/.test(note)).length).toBe(2);
  expect(noted.filter((note) => /NFD gives \d\.\d × as many tokens/.test(note)).length).toBe(4);
});

it('rounds to f16 like the nearest of all 65536, ties to even', () => {
  const all = Array.from({ length: 0x7c00 }, (_, bits) => fromHalf(bits)); // ascending, finite
  const random = seededRandom(3);
  const values = Float32Array.from({ length: 4000 }, (_, i) => {
    const low = Math.floor(random() * (all.length - 1));
    const share = i % 4 === 0 ? 0.5 : random(); // a quarter lies right in the middle
    return all[low] + share * (all[low + 1] - all[low]);
  });
  for (const [i, bits] of toHalf(values).entries()) {
    const [below, above] = [bits - 1, bits + 1].map((other) => all[Math.max(0, other)] ?? 65536);
    const error = Math.abs(values[i] - (all[bits] ?? 65536));
    expect(error).toBeLessThanOrEqual(Math.min(Math.abs(values[i] - below), Math.abs(values[i] - above)));
    if (error === Math.abs(values[i] - above) || error === Math.abs(values[i] - below)) expect(bits % 2).toBe(0);
  }
  const special = [0, -0, 65504, 65520, 1e9, -1e9, 2 ** -25, 2 ** -24, Number.NEGATIVE_INFINITY, Number.NaN];
  expect(Array.from(toHalf(Float32Array.from(special)))).toEqual([
    0, 0x8000, 0x7bff, 0x7c00, 0x7c00, 0xfc00, 0, 1, 0xfc00, 0x7e00,
  ]);
});

const { VUA_PYTHON: python, VUA_NODE_LLAMA_CPP: nodeLlamaCpp } = process.env;
let parities: ReturnType<typeof exportParity> | undefined;
async function measuredParities(): ReturnType<typeof exportParity> {
  const { dir } = await randomCheckpoint(join(root, 'parity'), tokenizerDir, vocabSize);
  const gpu = await openGpu();
  const texts = sampleTexts()
    .slice(0, 3)
    .flatMap((text) => text.split('\n').filter(Boolean));
  try {
    return await exportParity(gpu, { checkpoint: dir, texts, ggufType: 'f32', python, nodeLlamaCpp });
  } finally {
    gpu.destroy();
  }
}

it.for([
  { peer: 'transformers', needed: 'VUA_PYTHON to a Python with transformers', given: python, leastEqual: 0.999 },
  {
    peer: 'llama.cpp',
    needed: 'VUA_NODE_LLAMA_CPP to a folder with node-llama-cpp',
    given: nodeLlamaCpp,
    leastEqual: 0.9,
  },
])('gives the same logits and tokens in $peer', async ({ peer, needed, given, leastEqual }, { skip }) => {
  if (!given) return skip(`set ${needed}`);
  parities ??= measuredParities();
  const parity = (await parities).find((one) => (typeof one === 'string' ? one : one.peer).startsWith(peer))!;
  if (typeof parity === 'string') return skip(parity);
  expect(parity.logits).toBeLessThan(1e-3);
  expect(parity.equalTexts / parity.texts).toBeGreaterThan(leastEqual);
});

it('has a card of twenty sources and one row for the others of each licence', () => {
  const data = Array.from({ length: 25 }, (_, i) => ({
    ...{ source: `host-${i}`, licence: i % 2 === 0 ? 'cc-by-4.0' : '', documents: 100 - i, bytes: 1000 },
  }));
  expect(largest(data.slice(0, 20))).toEqual(data.slice(0, 20));
  expect(largest(data).slice(0, 20)).toEqual(data.slice(0, 20));
  expect(largest(data).slice(20)).toEqual([
    { source: '3 more sources', licence: 'cc-by-4.0', documents: 80 + 78 + 76, bytes: 3000 },
    { source: '2 more sources', licence: '', documents: 79 + 77, bytes: 2000 },
  ]);
});
