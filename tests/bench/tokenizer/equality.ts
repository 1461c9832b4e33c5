/** Our ids against those of HF tokenizers (Rust) and @huggingface/tokenizers, line by line. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import fc from 'fast-check';
import type * as Encode from '../../../tokenizer/encode/encode.ts';
import type * as Export from '../../../tokenizer/encode/export.ts';
import { oddText } from '../../tokenizer/support.ts';
import { built, corpus, options, peer, print } from './support.ts';
import { trainOurs } from './training.ts';

const REAL_LINES = 100_000;
const FUZZED_LINES = 10_000;
const SEED = 5;
/** A script of Unicode 16 that the NFC of the Rust library does not compose yet. */
const KIRAT_RAI = /[\u{16d40}-\u{16d7f}]/u;

export async function equality(): Promise<void> {
  const texts = corpus();
  const { Encoder } = await built<typeof Encode>('tokenizer/encode/encode');
  const { tokenizerJson, tokenizerConfigJson } = await built<typeof Export>('tokenizer/encode/export');
  const { Tokenizer } = createRequire(import.meta.url)(
    '@huggingface/tokenizers',
  ) as typeof import('@huggingface/tokenizers');
  const all = texts.flatMap((text) => text.toString().split('\n')).filter((line) => line.length > 0);
  const step = Math.max(1, Math.floor(all.length / REAL_LINES));
  const real = all.filter((_, i) => i % step === 0).slice(0, REAL_LINES);
  const words = real.flatMap((line) => line.split(/(?= )/)).filter((_, i) => i % 997 === 0);
  const mixed = fc
    .array(
      fc.oneof(
        oddText(12),
        fc.constantFrom(...words),
        fc.constantFrom(...words).map((word) => word.normalize('NFD')),
      ),
      { maxLength: 16 },
    )
    .map((parts) => parts.join(''));
  const fuzzed = fc
    .sample(mixed, { numRuns: 2 * FUZZED_LINES, seed: SEED })
    .filter((line) => !KIRAT_RAI.test(line))
    .slice(0, FUZZED_LINES);
  const lines = [...real, ...real.filter((_, i) => i % 50 === 0).map((line) => line.normalize('NFD')), ...fuzzed];
  const file = join(options.scratch, 'lines.json');
  writeFileSync(file, JSON.stringify(lines));

  const rows: string[][] = [];
  for (const maxSyllables of options.modes.map(Number)) {
    const { model } = await trainOurs(texts, { maxSyllables });
    const json = join(options.scratch, `equal-${maxSyllables}.json`);
    writeFileSync(json, tokenizerJson(model));
    const out = join(options.scratch, 'ids.bin');
    const isThere = peer('ids-hf', file, json, out) !== undefined;
    const rust = isThere ? new Int32Array(readFileSync(out).buffer) : undefined;
    const script = new Tokenizer(JSON.parse(tokenizerJson(model)), JSON.parse(tokenizerConfigJson()));
    const encoder = new Encoder(model);
    const plain = new Encoder(model, { accelerate: false });
    const different = { plain: [] as string[], rust: [] as string[], script: [] as string[] };
    for (let i = 0, at = 0; i < lines.length; i++) {
      const line = lines[i];
      const ids = encoder.encode(line).join();
      if (plain.encode(line).join() !== ids) different.plain.push(line);
      if (script.encode(line, { add_special_tokens: false }).ids.join() !== ids) different.script.push(line);
      if (!rust) continue;
      const end = at + 1 + rust[at];
      if (rust.subarray(at + 1, end).join() !== ids) different.rust.push(line);
      at = end;
    }
    const shown = (found: readonly string[]): string =>
      `${found.length}${found
        .slice(0, 3)
        .map((line) => ` ${JSON.stringify(line)}`)
        .join('')}`;
    rows.push([
      maxSyllables === 1 ? 'syllable-bounded' : 'across spaces',
      shown(different.plain),
      rust ? shown(different.rust) : 'not installed',
      shown(different.script),
    ]);
  }
  print(
    `Equal ids: ${real.length} real lines, every 50th in NFD too, ${fuzzed.length} fuzzed (seed ${SEED}); lines that differ`,
    [['', 'plain code', 'HF tokenizers (Rust)', '@huggingface/tokenizers'], ...rows],
  );
}
