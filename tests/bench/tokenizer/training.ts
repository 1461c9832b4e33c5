/** Training on the corpus at 32k: ours and the peers in turn, the best of several runs of each. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as Export from '../../../tokenizer/encode/export.ts';
import type { BpeModel } from '../../../tokenizer/model.ts';
import { DEFAULT_SPLIT, splitPatterns } from '../../../tokenizer/text/split.ts';
import type * as Threads from '../../../tokenizer/train/tally-threads.ts';
import type * as Train from '../../../tokenizer/train/train.ts';
import {
  best,
  built,
  bytesOf,
  clock,
  corpus,
  type Elapsed,
  forPeers,
  options,
  peer,
  print,
  RUNS,
  seconds,
  times,
} from './support.ts';

const VOCAB = 32_768;
/** Other libraries count special tokens otherwise, and know no limit on the length of a token in bytes. */
const MERGES = VOCAB - 16;

export async function trainOurs(
  texts: readonly Uint8Array[],
  change: Partial<Train.TrainOptions> = {},
  threads?: number,
) {
  const { trainBpe } = await built<typeof Train>('tokenizer/train/train');
  const { TallyThreads } = await built<typeof Threads>('tokenizer/train/tally-threads');
  async function* stream(): AsyncGenerator<Uint8Array> {
    yield* texts;
  }
  const elapsed = clock();
  const team = new TallyThreads(threads);
  const model = await trainBpe(stream, { vocabSize: VOCAB, team, ...change });
  await team.close();
  return { model, ...elapsed() };
}

export async function training(): Promise<void> {
  const texts = corpus();
  const file = forPeers('corpus.bin', texts);
  const pattern = splitPatterns(DEFAULT_SPLIT)[0];
  const hfFile = join(options.scratch, 'hf.json');
  const time = new Map<string, Elapsed[]>();
  const note = (name: string, value: Elapsed | undefined): void => {
    if (value !== undefined) time.set(name, [...(time.get(name) ?? []), value]);
  };
  let model: BpeModel | undefined;
  for (let run = 0; run < RUNS; run++) {
    const ours = await trainOurs(texts, { maxTokenBytes: 4096 });
    model = ours.model;
    note('ours', ours);
    note('ours, one thread', await trainOurs(texts, { maxTokenBytes: 4096 }, 1));
    note('HF tokenizers (Rust)', peer<Elapsed>('train-hf', file, pattern, String(MERGES), hfFile));
    note('rustbpe', peer<Elapsed>('train-rustbpe', file, pattern, String(MERGES)));
    const yttm = peer<Elapsed>('train-youtokentome', file, String(VOCAB), join(options.scratch, 'yttm'));
    note('YouTokenToMe', yttm);
    if (run > 0) continue; // minutes each
    note('ours, across spaces (4 syllables)', await trainOurs(texts, { maxSyllables: 4 }));
    const sp = peer<Elapsed>('train-sentencepiece', file, String(VOCAB), join(options.scratch, 'sp'));
    note('sentencepiece BPE', sp);
  }
  const of = (name: string, key: keyof Elapsed): number => best(time.get(name)!.map((value) => value[key]));
  const table = [...time].map(([name, values]) => [
    name,
    values.map((value) => seconds(value.seconds)).join(' '),
    ...(['seconds', 'cpu'] as const).flatMap((key) => [
      seconds(of(name, key)),
      name.startsWith('ours') ? '' : times(of(name, key) / of('ours', key)),
    ]),
  ]);
  print(
    `Training: ${(bytesOf(texts) / 1e6).toFixed(1)} MB, ${texts.length} documents, no document twice, ${VOCAB} tokens`,
    [['', 'seconds of each run', 'best', '/ ours', 'CPU s, best', '/ ours'], ...table],
    await mergesNote(model!, hfFile),
  );
}

/** Whether HF's merges are ours, and where they part. */
async function mergesNote(model: BpeModel, hfFile: string): Promise<string> {
  const { tokenizerJson } = await built<typeof Export>('tokenizer/encode/export');
  const mergesOf = (json: string): string[] =>
    (JSON.parse(json) as { model: { merges: (string | string[])[] } }).model.merges.map((merge) =>
      typeof merge === 'string' ? merge : merge.join(' '),
    );
  let theirs: string[];
  try {
    theirs = mergesOf(readFileSync(hfFile, 'utf8'));
  } catch {
    return '';
  }
  const ours = mergesOf(tokenizerJson(model));
  const first = ours.findIndex((merge, i) => merge !== theirs[i]);
  if (first < 0) return `All ${ours.length} merges are those of HF tokenizers, in their order.`;
  const known = new Set(theirs);
  const common = ours.filter((merge) => known.has(merge)).length;
  return `Merges part from HF tokenizers' at ${first} of ${ours.length}: ${ours[first]} / ${theirs[first]}; in common: ${common}`;
}
