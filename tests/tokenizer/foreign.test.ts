/** Tokenizers that were made elsewhere: the ids of Hugging Face's libraries, by the kernel where it knows the rule. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Tokenizer as HfTokenizer } from '@huggingface/tokenizers';
import { describe, expect, it } from 'vitest';
import { tokenizerJson } from '../../tokenizer/encode/export.ts';
import { Tokenizer } from '../../tokenizer/load.ts';
import type { BpeModel } from '../../tokenizer/model.ts';
import { splitNamed, splitPatterns } from '../../tokenizer/text/split.ts';
import { extendTokenizer } from '../../tokenizer/train/extend.ts';
import { context, temporaryFolder } from '../support.ts';
import { sampleTexts, train } from './support.ts';

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const split = (name: 'llama3' | 'qwen2') => ({
  type: 'Sequence',
  pretokenizers: [
    { type: 'Split', pattern: { Regex: splitPatterns(splitNamed(name))[0] }, behavior: 'Isolated', invert: false },
    { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
  ],
});
const GPT2 = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
const HARD = [
  '',
  ' ',
  "I'M he'll 1234567 ½  x\n\n  y\t\r\n",
  'a\u0300e\u0301 <|endoftext|> 🙂👍🏽',
  'ĐƯỜNG  Nguyễn-Huệ!!!\n',
];

let learned: Promise<BpeModel> | undefined;
function model(): Promise<BpeModel> {
  learned ??= train(sampleTexts(), { vocabSize: 900 });
  return learned;
}

/** Our own model in their clothes: special tokens first, so that no id is that of our kernel. */
async function dressed(kind: 'gpt2' | 'llama3' | 'qwen3') {
  const ours = JSON.parse(tokenizerJson(await model()));
  const names = kind === 'llama3' ? ['<|begin_of_text|>', '<|end_of_text|>'] : ['<|endoftext|>', '<|im_end|>'];
  const own = ours.added_tokens.map(({ content }: { content: string }) => content);
  const tokens = Object.keys(ours.model.vocab).filter((token) => !own.includes(token));
  const vocab = Object.fromEntries([...names, ...tokens].map((token, id) => [token, id]));
  const json = {
    ...ours,
    added_tokens: names.map((content, id) => ({ ...ours.added_tokens[0], id, content })),
    normalizer: kind === 'qwen3' ? { type: 'NFC' } : null,
    pre_tokenizer: kind === 'gpt2' ? GPT2 : split(kind === 'llama3' ? 'llama3' : 'qwen2'),
    model: { ...ours.model, vocab, ignore_merges: kind === 'llama3' },
  };
  return { json, config: { eos_token: names[1], ...(kind === 'llama3' && { bos_token: { content: names[0] } }) } };
}

describe.each(['gpt2', 'llama3', 'qwen3'] as const)('a tokenizer of the kind of %s', async (kind) => {
  const { json, config } = await dressed(kind);
  const tokenizer = Tokenizer.parse(bytes(json), 'tokenizer.json', bytes(config));

  it('gives the ids of @huggingface/tokenizers through the kernel, and the text back', () => {
    expect(tokenizer.slow).toBeUndefined();
    expect([tokenizer.bosId, tokenizer.eosId, tokenizer.vocabSize]).toEqual([0, 1, 886]);
    const theirs = new HfTokenizer({ ...json, added_tokens: [] }, {});
    for (const text of [...sampleTexts().flatMap((one) => one.split('\n').slice(0, 3)), ...HARD]) {
      const ids = tokenizer.encode(text);
      expect(Array.from(ids)).toEqual(theirs.encode(text, { add_special_tokens: false }).ids);
      expect(tokenizer.decode(ids)).toBe(kind === 'qwen3' ? text.normalize('NFC') : text);
    }
    expect(tokenizer.decode([0])).toBe(kind === 'llama3' ? '<|begin_of_text|>' : '<|endoftext|>');
    expect(tokenizer.piecesOf(new TextEncoder().encode(' của')).length).toBeLessThan(4);
  });

  it('says why another library encodes, which gives the same', () => {
    const slow = { ...json, model: { ...json.model, merges: [...json.model.merges, json.model.merges.at(-1)] } };
    const library = Tokenizer.parse(bytes(slow), 'tokenizer.json', bytes(config));
    expect(library.slow).toBe('several of its merges make one token');
    for (const text of [sampleTexts()[0].slice(0, 300), ...HARD])
      expect(library.encode(text)).toEqual(tokenizer.encode(text));
  });
});

it.each([
  ['no byte-level BPE', { model: { type: 'BPE', vocab: { a: 0, b: 1 }, merges: [] } }, /lacks some of the 256 bytes/],
  ['a unigram model', { model: { type: 'Unigram', vocab: { a: 0 }, merges: [] } }, /model.type is "Unigram"/],
])('refuses %s', (_name, json, message) => {
  expect(() => Tokenizer.parse(bytes(json), 'x/tokenizer.json')).toThrow(
    expect.objectContaining({ code: 'BAD_TOKENIZER', message: expect.stringMatching(message) }),
  );
});

it('is extended: old ids stay, texts take fewer, and Hugging Face agrees', async () => {
  const [base, out, text] = [temporaryFolder(), temporaryFolder(), join(temporaryFolder(), 'a.txt')];
  const { json, config } = await dressed('qwen3');
  writeFileSync(join(base, 'tokenizer.json'), JSON.stringify(json));
  writeFileSync(join(base, 'tokenizer_config.json'), JSON.stringify(config));
  writeFileSync(text, sampleTexts().join('\n'));
  const done = await extendTokenizer({ base, documents: [text], add: 120, out, validShare: 0 }, context());
  const { added, vocabSize, tokensPerSyllable } = done.report!;
  expect([added, vocabSize]).toEqual([120, 1006]);
  expect(tokensPerSyllable.after).toBeLessThan(tokensPerSyllable.before - 0.02);
  const [old, now] = [await Tokenizer.load(base), await Tokenizer.load(out)];
  expect(now.slow).toBeUndefined();
  for (let id = 0; id < old.vocabSize; id++) expect(now.bytesOf(id)).toEqual(old.bytesOf(id));
  const theirs = new HfTokenizer(
    { ...JSON.parse(readFileSync(join(out, 'tokenizer.json'), 'utf8')), added_tokens: [] },
    {},
  );
  let [before, after] = [0, 0];
  for (const one of [...sampleTexts(), ...HARD]) {
    const ids = now.encode(one);
    expect(Array.from(ids)).toEqual(theirs.encode(one, { add_special_tokens: false }).ids);
    [before, after] = [before + old.encode(one).length, after + ids.length];
  }
  expect(after).toBeLessThan(before);
  // A new token is made of old ones that have its bytes.
  for (let id = old.vocabSize; id < now.vocabSize; id++)
    expect(old.decodeBytes(old.piecesOf(now.bytesOf(id)))).toEqual(now.bytesOf(id));
});

const { VUA_PYTHON: python } = process.env;
it("equals Hugging Face's library on 10,000 lines, three kinds that it trained", ({ skip }) => {
  if (!python) return skip('set VUA_PYTHON to a Python with tokenizers');
  const folder = temporaryFolder();
  const pieces = sampleTexts().flatMap((text) => text.match(/[^\n]{1,60}\n?/g) ?? []);
  const lines = Array.from(
    { length: 10_000 },
    (_, i) =>
      `${pieces[(i * 31) % pieces.length]}${i % 7 ? '' : HARD[2 + (i % 3)].replace('<|endoftext|>', '')}${i % 11 ? '' : i}`,
  );
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'lines.json'), JSON.stringify(lines));
  execFileSync(python, [
    fileURLToPath(new URL('../golden/foreign.py', import.meta.url)),
    folder,
    join(folder, 'lines.json'),
  ]);
  for (const kind of ['gpt2', 'llama3', 'qwen3']) {
    const read = (name: string) => readFileSync(join(folder, kind, name));
    const tokenizer = Tokenizer.parse(read('tokenizer.json'), kind, read('tokenizer_config.json'));
    const theirs = JSON.parse(read('ids.json').toString()) as number[][];
    const other = lines.filter((line, i) => Array.from(tokenizer.encode(line)).join() !== theirs[i].join());
    expect({ kind, other, slow: tokenizer.slow }).toEqual({ kind, other: [], slow: undefined });
  }
});
