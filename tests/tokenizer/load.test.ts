/** tokenizer.json: what was exported is what is loaded; each kind of damage is named. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { checksumOf } from '../../shards/checksum.ts';
import { tokenizerJson } from '../../tokenizer/encode/export.ts';
import { parseTokenizer } from '../../tokenizer/encode/parse.ts';
import { Tokenizer } from '../../tokenizer/load.ts';
import type { BpeModel } from '../../tokenizer/model.ts';
import { temporaryFolder } from '../support.ts';
import { bytesOf, sampleTexts, train } from './support.ts';

interface TokenizerJson {
  added_tokens: { id: number; content: string }[];
  truncation: unknown;
  normalizer: unknown;
  pre_tokenizer: { pretokenizers: { pattern: { Regex: string } }[] };
  model: { type: string; vocab: Record<string, number>; merges: string[]; unk_token?: unknown };
}

let model: BpeModel;
let dir: string;
const changed = (change: (json: TokenizerJson) => void): string => {
  const json = JSON.parse(tokenizerJson(model)) as TokenizerJson;
  change(json);
  return JSON.stringify(json);
};

beforeAll(async () => {
  model = await train(sampleTexts().slice(0, 20), { vocabSize: 400 });
  dir = temporaryFolder('file');
});

test('what was exported is what is loaded', async () => {
  const json = tokenizerJson(model);
  expect(parseTokenizer(json, 'tokenizer.json')).toEqual(model);
  writeFileSync(join(dir, 'tokenizer.json'), json);
  const tokenizer = await Tokenizer.load(dir);
  expect(tokenizer.model).toEqual(model);
  expect(tokenizer.fingerprint).toBe(checksumOf(bytesOf(json)));
});

test('a file saved again by transformers means the same', () => {
  const sequence = (id: string, type_id: number) => ({ Sequence: { id, type_id } });
  const pair = [sequence('A', 0), sequence('B', 1)];
  const template = { type: 'TemplateProcessing', single: [sequence('A', 0)], pair, special_tokens: {} };
  expect(
    parseTokenizer(
      changed((json) => Object.assign(json, { post_processor: template })),
      'x',
    ),
  ).toEqual(model);
  const single = [{ SpecialToken: { id: '<|bos|>', type_id: 0 } }, sequence('A', 0)];
  const withBos = changed((json) => Object.assign(json, { post_processor: { ...template, single } }));
  expect(parseTokenizer(withBos, 'x'), 'of an exported model').toEqual(model);
  const behind = [sequence('A', 0), { SpecialToken: { id: '<|eos|>', type_id: 0 } }];
  const withEos = changed((json) => Object.assign(json, { post_processor: { ...template, single: behind } }));
  expect(() => parseTokenizer(withEos, 'x')).toThrow('x: post_processor: {');
});

test('damage in JSON is said on one line', () => {
  const damaged = tokenizerJson(model).replace('"version"', '"version\n\u001b');
  expect(() => parseTokenizer(damaged, 'x')).toThrow(/^x: top level: not valid JSON: \P{Cc}*$/u);
});

test('merges as pairs, absent options and further keys mean the same', () => {
  const json = changed(({ model: bpe, ...rest }) => {
    Object.assign(bpe, { merges: bpe.merges.map((merge) => merge.split(' ')), note: 1 });
    delete bpe.unk_token;
    Object.assign(rest, { note: 1 });
  });
  expect(parseTokenizer(json, 'tokenizer.json')).toEqual(model);
});

const damages: [key: string, fact: string, change: (json: TokenizerJson) => void][] = [
  ['model', 'expected object', (json) => Reflect.deleteProperty(json, 'model')],
  ['model.merges', 'expected array', ({ model: bpe }) => Reflect.deleteProperty(bpe, 'merges')],
  ['model.vocab', 'expected', ({ model: bpe }) => Object.assign(bpe, { vocab: [] })],
  ['model.vocab.a', 'expected', ({ model: bpe }) => Object.assign(bpe.vocab, { a: '64' })],
  ['model.vocab', '"Ġ" has no id, expected 220', ({ model: bpe }) => Reflect.deleteProperty(bpe.vocab, 'Ġ')],
  ['model.vocab', '"!" has id 1, expected 0', ({ model: bpe }) => Object.assign(bpe.vocab, { '!': 1, '"': 0 })],
  ['model.vocab', '"thừa" has id 400', ({ model: bpe }) => Object.assign(bpe.vocab, { thừa: 400 })],
  ['model.type', '"WordPiece", expected "BPE"', ({ model: bpe }) => Object.assign(bpe, { type: 'WordPiece' })],
  ['model.unk_token', '"<unk>", expected null', ({ model: bpe }) => Object.assign(bpe, { unk_token: '<unk>' })],
  ['model.merges[3]', 'expected two tokens', ({ model: bpe }) => Object.assign(bpe.merges, { 3: 'a b c' })],
  ['model.merges[3]', '"漢" has no id', ({ model: bpe }) => Object.assign(bpe.merges, { 3: '漢 b' })],
  ['model.merges[0]', 'no merge before it makes', ({ model: bpe }) => bpe.merges.reverse()],
  ['model.merges[100]', 'has id', ({ model: bpe }) => bpe.merges.splice(100, 1)],
  ['added_tokens', 'has id 999, expected 399', ({ added_tokens }) => Object.assign(added_tokens[15], { id: 999 })],
  ['added_tokens', '"<|pad|>" is missing', ({ added_tokens }) => Object.assign(added_tokens[2], { content: '<|x|>' })],
  ['added_tokens.0.content', 'expected', ({ added_tokens }) => Object.assign(added_tokens[0], { content: 1 })],
  [
    'added_tokens["<|pad|>"].lstrip',
    'true, exp',
    ({ added_tokens }) => Object.assign(added_tokens[2], { lstrip: true }),
  ],
  [
    'added_tokens["<|eos|>"].special',
    'false,',
    ({ added_tokens }) => Object.assign(added_tokens[1], { special: false }),
  ],
  ['truncation', '{"max_length":9}, exp', (json) => Object.assign(json, { truncation: { max_length: 9 } })],
  ['normalizer', 'null, expected {"type":"NFC"}', (json) => Object.assign(json, { normalizer: null })],
  [
    'pre_tokenizer.pretokenizers.0.pattern.Regex',
    '"\\\\s+", expected',
    ({ pre_tokenizer }) => Object.assign(pre_tokenizer.pretokenizers[0].pattern, { Regex: '\\s+' }),
  ],
  [
    'pre_tokenizer.pretokenizers',
    'expected',
    ({ pre_tokenizer }) => pre_tokenizer.pretokenizers.push(pre_tokenizer.pretokenizers[0]),
  ],
];
test.each(damages)('damage: %s: %s', (key, fact, change) => {
  const parse = (): unknown => parseTokenizer(changed(change), 'out/tokenizer.json');
  expect(parse).toThrow(expect.objectContaining({ code: 'BAD_TOKENIZER', exitStatus: 2 }));
  expect(parse).toThrow(`out/tokenizer.json: ${key}: `);
  expect(parse).toThrow(fact);
});

test('a merge within a syllable behind one across spaces is refused', async () => {
  const across = await train(sampleTexts().slice(0, 20), { vocabSize: 700, maxSyllables: 2 });
  const json = JSON.parse(tokenizerJson(across)) as TokenizerJson;
  const tokenOf = (merge: string): string => merge.replace(' ', '');
  const { merges, vocab } = json.model;
  const last = merges.findIndex((merge) => merge.includes(' Ġ') && !/^[ĠĊ]* /.test(merge)) - 1;
  const swapped = [merges[last], merges[last + 1]];
  [merges[last], merges[last + 1]] = [swapped[1], swapped[0]];
  [vocab[tokenOf(swapped[0])], vocab[tokenOf(swapped[1])]] = [vocab[tokenOf(swapped[1])], vocab[tokenOf(swapped[0])]];
  const parse = (): unknown => parseTokenizer(JSON.stringify(json), 'tokenizer.json');
  expect(parse).toThrow(`model.merges[${last + 1}]: does not cross a space`);
  expect(parseTokenizer(tokenizerJson(across), 'tokenizer.json')).toEqual(across);
});

test('a file cut in the middle names the file', async () => {
  writeFileSync(join(dir, 'tokenizer.json'), tokenizerJson(model).slice(0, 5000));
  await expect(Tokenizer.load(dir)).rejects.toMatchObject({
    code: 'BAD_TOKENIZER',
    message: expect.stringMatching(/tokenizer\.json: top level: not valid JSON/),
    exitStatus: 2,
  });
});

test('a folder without tokenizer.json', async () => {
  await expect(Tokenizer.load(join(dir, 'none'))).rejects.toMatchObject({
    code: 'NO_TOKENIZER',
    message: expect.stringContaining(join(dir, 'none')),
    exitStatus: 2,
  });
});
