/**
 * Encoding on one thread: the same vocabulary, split rule and documents for all. Cold: a new tokenizer's first pass. By
 * CPU time of the process, which a busy machine disturbs least; Node's compiler and collector threads count for ours.
 */
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as Encode from '../../../tokenizer/encode/encode.ts';
import type * as Export from '../../../tokenizer/encode/export.ts';
import { best, built, bytesOf, clock, corpus, forPeers, options, peer, print, RUNS, times } from './support.ts';
import { trainOurs } from './training.ts';

/** Every so many documents are encoded; the peers are slow. */
const EVERY = 8;
/** And of these for @huggingface/tokenizers. */
const EVERY_SLOW = 8;

interface Passes {
  cold: number;
  warm: number;
}

export async function encoding(): Promise<void> {
  const texts = corpus();
  const { Encoder } = await built<typeof Encode>('tokenizer/encode/encode');
  const { tokenizerJson, tokenizerConfigJson } = await built<typeof Export>('tokenizer/encode/export');
  const sample = texts.filter((_, i) => i % EVERY === 0);
  const file = forPeers('sample.bin', sample);
  const megabytes = bytesOf(sample) / 1e6;
  for (const maxSyllables of [1, 4]) {
    const { model } = await trainOurs(texts, { maxSyllables });
    const json = join(options.scratch, `ours-${maxSyllables}.json`);
    writeFileSync(json, tokenizerJson(model));
    const passes = new Map<string, Passes[]>();
    const note = (name: string, value: Passes | undefined): void => {
      if (value !== undefined) passes.set(name, [...(passes.get(name) ?? []), value]);
    };
    const two = (encode: (text: Uint8Array) => unknown, documents = sample): Passes => {
      const pass = (): number => {
        const elapsed = clock();
        for (const text of documents) encode(text);
        return elapsed().cpu * (bytesOf(sample) / bytesOf(documents));
      };
      return { cold: pass(), warm: pass() };
    };
    for (let run = 0; run < RUNS; run++) {
      const ours = new Encoder(model);
      note(
        'ours',
        two((text) => ours.encode(text)),
      );
      const plain = new Encoder(model, { accelerate: false });
      note(
        'ours, plain code',
        two((text) => plain.encode(text)),
      );
      note('tiktoken', maxSyllables === 1 ? peer<Passes>('encode-tiktoken', file, json) : undefined);
      note('HF tokenizers (Rust)', peer<Passes>('encode-hf', file, json));
      note('gigatoken (native)', peer<Passes>('encode-gigatoken', file, json));
      if (run > 0) continue;
      const { Tokenizer } = createRequire(import.meta.url)(
        '@huggingface/tokenizers',
      ) as typeof import('@huggingface/tokenizers');
      const slow = new Tokenizer(JSON.parse(tokenizerJson(model)), JSON.parse(tokenizerConfigJson()));
      const strings = new Map(sample.filter((_, i) => i % EVERY_SLOW === 0).map((text) => [text, text.toString()]));
      note(
        '@huggingface/tokenizers',
        two((text) => slow.encode(strings.get(text as Buffer)!), [...strings.keys()]),
      );
    }
    const bestOf = (name: string, pass: keyof Passes): number => best(passes.get(name)!.map((value) => value[pass]));
    const rows = [...passes.keys()].map((name) => [
      name,
      ...(['cold', 'warm'] as const).map((pass) => (megabytes / bestOf(name, pass)).toFixed(1)),
      ...(['cold', 'warm'] as const).map((pass) => times(bestOf(name, pass) / bestOf('ours', pass))),
    ]);
    print(
      `Encoding: ${megabytes.toFixed(1)} MB by document, 32k, ${maxSyllables === 1 ? 'syllable-bounded' : 'across spaces'}, one thread, by CPU time`,
      [['', 'cold MB/s', 'warm MB/s', 'ours / it, cold', 'warm'], ...rows],
    );
  }
}
