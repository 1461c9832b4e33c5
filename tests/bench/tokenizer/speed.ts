/**
 * Encoding and training beside all peers in one run: the same merges, split rule and texts, each in a process of its own, in
 * turn, by CPU time. What each encodes is compared by a checksum of all ids.
 *
 *   fresh     the first pass of a process over all texts, from its first byte; what loading took stands beside it
 *   warm      the best of three later passes
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as Export from '../../../tokenizer/encode/export.ts';
import { splitNamed } from '../../../tokenizer/text/split.ts';
import { best, built, bytesOf, corpus, type Elapsed, forPeers, options, peer, print, RUNS, times } from './support.ts';
import { trainOurs } from './training.ts';

const PROCESS = fileURLToPath(new URL('speed-process.mjs', import.meta.url));
/** Text that is encoded, of documents drawn from the whole corpus, and learned from. */
const ENCODED_BYTES = 12e6;
const LEARNED_BYTES = 80e6;
const PEERS = ['gigatoken', 'tiktoken', 'fastokens', 'tokenizers'];
const MERGES = 32_768 - 256 - 16;

interface Passes {
  version: string;
  load: number;
  first: number;
  warm: number;
  tokens: number;
  ids: string;
}

export async function speed(): Promise<void> {
  const texts = corpus();
  const every = Math.max(1, Math.round(bytesOf(texts) / ENCODED_BYTES));
  const sample = texts.filter((_, i) => i % every === 0);
  const file = forPeers('speed.bin', sample);
  const megabytes = bytesOf(sample) / 1e6;
  const bounded = await folderOf(texts, 'bounded', {});
  const across = await folderOf(texts, 'across', { maxSyllables: 4 });
  const passes = new Map<string, Passes[]>();
  const note = (name: string, value: Passes | undefined): void => {
    if (value !== undefined) passes.set(name, [...(passes.get(name) ?? []), value]);
  };
  for (let run = 0; run < RUNS; run++) {
    note('here', here(file, bounded));
    for (const name of PEERS) note(name, peer(`speed-${name}`, file, join(bounded, 'tokenizer.json')));
    note('here, across spaces', here(file, across));
    if (run === 0) note('tokenizers, across spaces', peer('speed-tokenizers', file, join(across, 'tokenizer.json')));
  }
  const of = (name: string, key: 'load' | 'first' | 'warm'): number => best(passes.get(name)!.map((one) => one[key]));
  const rows = [...passes].map(([name, [{ version, ids }]]) => {
    const own = name.endsWith('across spaces') ? 'here, across spaces' : 'here';
    return [
      `${name} ${version}`,
      of(name, 'load').toFixed(2),
      (megabytes / of(name, 'first')).toFixed(1),
      (megabytes / of(name, 'warm')).toFixed(1),
      times(of(name, 'first') / of(own, 'first')),
      times(of(name, 'warm') / of(own, 'warm')),
      ids === passes.get(own)![0].ids ? 'equal' : 'other',
    ];
  });
  const [one, two] = [1, 2].map((threads) =>
    best(Array.from({ length: RUNS }, () => together(file, bounded, threads))),
  );
  print(
    `Encoding: ${megabytes.toFixed(1)} MB by document, 32k, one thread each, by CPU time`,
    [['', 'loading, s', 'fresh MB/s', 'warm MB/s', 'ours / it, fresh', 'warm', 'ids'], ...rows],
    `across spaces / bounded, warm: ${(of('here', 'warm') / of('here, across spaces', 'warm')).toFixed(2)}`,
    `two threads / one, by the clock: ${times((2 * one) / two)}`,
  );
}

export async function speedOfTraining(): Promise<void> {
  const texts = enough(corpus());
  const file = forPeers('learned.bin', texts);
  const pairs = join(options.scratch, 'gigatoken.txt');
  const [ours, theirs]: Elapsed[][] = [[], []];
  let equal = '';
  for (let run = 0; run < RUNS; run++) {
    const split = splitNamed('gpt2').name as 'gpt2';
    const { model, ...elapsed } = await trainOurs(texts, { split, maxTokenBytes: 1024, minFrequency: 1 });
    ours.push(elapsed);
    const answer = peer<Elapsed & { version: string }>('train-gigatoken', file, String(MERGES), pairs);
    if (answer === undefined) return;
    theirs.push(answer);
    equal = `${answer.version}; ${model.merges.length / 2} merges here, ${readFileSync(pairs, 'utf8').split('\n').length} there`;
  }
  const least = (all: Elapsed[], key: keyof Elapsed): number => best(all.map((one) => one[key]));
  print(
    `Training: ${(bytesOf(texts) / 1e6).toFixed(1)} MB, 32k, GPT-2's split rule`,
    [
      ['', 'seconds', 'CPU seconds', '/ ours', 'CPU / ours'],
      ...(
        [
          ['here', ours],
          ['gigatoken', theirs],
        ] as const
      ).map(([name, all]) => [
        name,
        ...(['seconds', 'cpu'] as const).map((key) => least(all, key).toFixed(2)),
        ...(['seconds', 'cpu'] as const).map((key) => times(least(all, key) / least(ours, key))),
      ]),
    ],
    equal,
  );
}

async function folderOf(texts: readonly Buffer[], name: string, change: { maxSyllables?: number }): Promise<string> {
  const { tokenizerJson, tokenizerConfigJson } = await built<typeof Export>('tokenizer/encode/export');
  const { model } = await trainOurs(texts, change);
  const dir = join(options.scratch, name);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'tokenizer.json'), tokenizerJson(model));
  writeFileSync(join(dir, 'tokenizer_config.json'), tokenizerConfigJson());
  return dir;
}

const here = (file: string, dir: string): Passes => JSON.parse(node(file, dir));
/** Seconds in which each of so many threads encodes all texts. */
const together = (file: string, dir: string, threads: number): number =>
  JSON.parse(node(file, dir, String(threads), 'threads')).seconds;
const node = (...args: string[]): string => execFileSync(process.execPath, [PROCESS, ...args], { encoding: 'utf8' });

/** The corpus, and again with syllables exchanged until there is enough: in copy k each for another of the corpus. */
function enough(texts: readonly Buffer[]): Buffer[] {
  const all = [...texts];
  let bytes = bytesOf(texts);
  for (let copy = 1; bytes < LEARNED_BYTES; copy++) {
    for (const text of texts) {
      const words = text.toString().split(/(?= )/);
      const mixed = Buffer.from(
        words.map((word, i) => (i % 7 === copy % 7 ? words[(i * (2 * copy + 1)) % words.length] : word)).join(''),
      );
      all.push(mixed);
      bytes += mixed.length;
    }
  }
  return all;
}
