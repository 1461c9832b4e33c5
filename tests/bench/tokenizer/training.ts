/** Training on the corpus at 32k: ours and the peers in turn, the best of several runs of each. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as Export from '../../../tokenizer/export.ts';
import type { BpeModel } from '../../../tokenizer/model.ts';
import { DEFAULT_SPLIT, splitPattern } from '../../../tokenizer/pretokenize.ts';
import type * as Threads from '../../../tokenizer/tally-threads.ts';
import type * as Train from '../../../tokenizer/train.ts';
import { best, built, bytesOf, corpus, forPeers, options, peer, print, RUNS, seconds, times } from './support.ts';

const VOCAB = 32_768;
/** Other libraries count special tokens otherwise, and know no limit on the length of a token in bytes. */
const MERGES = VOCAB - 16;

export async function trainOurs(
  texts: readonly Uint8Array[],
  change: Partial<Train.TrainOptions> = {},
  threads?: number,
) {
  const { trainBpe } = await built<typeof Train>('tokenizer/train');
  const { TallyThreads } = await built<typeof Threads>('tokenizer/tally-threads');
  async function* stream(): AsyncGenerator<Uint8Array> {
    yield* texts;
  }
  const started = performance.now();
  const team = new TallyThreads(threads);
  const model = await trainBpe(stream, { vocabSize: VOCAB, team, ...change });
  await team.close();
  return { model, seconds: (performance.now() - started) / 1000 };
}

export async function training(): Promise<void> {
  const texts = corpus();
  const file = forPeers('corpus.bin', texts);
  const pattern = splitPattern(DEFAULT_SPLIT);
  const hfFile = join(options.scratch, 'hf.json');
  const time = new Map<string, number[]>();
  const note = (name: string, value: number | undefined): void => {
    if (value !== undefined) time.set(name, [...(time.get(name) ?? []), value]);
  };
  let model: BpeModel | undefined;
  for (let run = 0; run < RUNS; run++) {
    const ours = await trainOurs(texts, { maxTokenBytes: 4096 });
    model = ours.model;
    note('ours', ours.seconds);
    note('ours, one thread', (await trainOurs(texts, { maxTokenBytes: 4096 }, 1)).seconds);
    note('HF tokenizers (Rust)', peer<{ seconds: number }>('train-hf', file, pattern, String(MERGES), hfFile)?.seconds);
    note('rustbpe', peer<{ seconds: number }>('train-rustbpe', file, pattern, String(MERGES))?.seconds);
    const yttm = peer<{ seconds: number }>('train-youtokentome', file, String(VOCAB), join(options.scratch, 'yttm'));
    note('YouTokenToMe', yttm?.seconds);
    if (run > 0) continue; // minutes each
    note('ours, across spaces (4 syllables)', (await trainOurs(texts, { maxSyllables: 4 })).seconds);
    const sp = peer<{ seconds: number }>('train-sentencepiece', file, String(VOCAB), join(options.scratch, 'sp'));
    note('sentencepiece BPE', sp?.seconds);
  }
  const ours = best(time.get('ours')!);
  const rows = [...time].map(([name, values]) => [
    name,
    values.map(seconds).join(' '),
    seconds(best(values)),
    name.startsWith('ours') ? '' : times(best(values) / ours),
  ]);
  print(
    `Training: ${(bytesOf(texts) / 1e6).toFixed(1)} MB, ${texts.length} documents, no document twice, ${VOCAB} tokens`,
    [['', 'seconds of each run', 'best', 'best / ours'], ...rows],
    await mergesNote(model!, hfFile),
  );
}

/** Whether HF's merges are ours, and where they part. */
async function mergesNote(model: BpeModel, hfFile: string): Promise<string> {
  const { tokenizerJson } = await built<typeof Export>('tokenizer/export');
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
