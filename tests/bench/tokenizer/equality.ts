/**
 * Our ids against those of five other engines: lines and whole documents of the corpus, and fuzzed texts, all in NFC;
 * across spaces as well. For our own encoder, with vectors and without, decomposed lines besides.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as Encode from '../../../tokenizer/encode/encode.ts';
import type * as Export from '../../../tokenizer/encode/export.ts';
import { ENGINES, fuzzedTexts, idsIn } from './engines.ts';
import { built, corpus, options, print } from './support.ts';
import { trainOurs } from './training.ts';

const LINES = 10_000;
const DOCUMENTS = 300;
const FUZZED = 5_000;
const SEED = 5;

const spread = <Item>(all: readonly Item[], count: number): Item[] => {
  const step = Math.max(1, all.length / count);
  return Array.from({ length: Math.min(count, all.length) }, (_, i) => all[Math.floor(i * step)]);
};

export async function equality(): Promise<void> {
  const texts = corpus();
  const { Encoder } = await built<typeof Encode>('tokenizer/encode/encode');
  const { tokenizerJson, tokenizerConfigJson } = await built<typeof Export>('tokenizer/encode/export');
  const documents = texts.map(String);
  const all = documents.flatMap((text) => text.split('\n')).filter((line) => line.length > 0);
  const lines = spread(all, LINES);
  const groups = { lines, documents: spread(documents, DOCUMENTS), fuzzed: fuzzedTexts(lines, FUZZED, SEED) };
  const sample = Object.values(groups).flat();

  const rows: string[][] = [];
  for (const maxSyllables of options.modes.map(Number)) {
    const { model } = await trainOurs(texts, { maxSyllables });
    const dir = join(options.scratch, `equal-${maxSyllables}`);
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'tokenizer.json'), tokenizerJson(model));
    writeFileSync(join(dir, 'tokenizer_config.json'), tokenizerConfigJson());
    const encoder = new Encoder(model);
    const ours = sample.map((text) => encoder.encode(text).join());
    const row = (name: string, idsOf: (i: number) => ArrayLike<number>): string[] => {
      let at = 0;
      const figures = Object.values(groups).map((group) => {
        const wrong = group.filter((_, i) => Array.from(idsOf(at + i)).join() !== ours[at + i]);
        at += group.length;
        return `${group.length - wrong.length} of ${group.length}${wrong.length > 0 ? ` ${JSON.stringify(wrong[0].slice(0, 80))}` : ''}`;
      });
      return [`${model.split.name}, ≤ ${maxSyllables}`, name, ...figures];
    };
    const plain = new Encoder(model, { accelerate: false });
    rows.push(row('here, plain code', (i) => plain.encode(sample[i])));
    rows.push(row('here, decomposed', (i) => encoder.encode(sample[i].normalize('NFD'))));
    for (const engine of ENGINES) {
      const answer = await idsIn(engine, dir, sample, { python: options.python, nodeLlamaCpp: options.llama });
      if (typeof answer === 'string')
        rows.push([`${model.split.name}, ≤ ${maxSyllables}`, engine, answer.slice(-120), '', '']);
      else rows.push(row(engine, (i) => answer[i]));
    }
  }
  print('Equal ids', [['split, syllables', 'engine', 'lines', 'documents', 'fuzzed texts'], ...rows]);
}
