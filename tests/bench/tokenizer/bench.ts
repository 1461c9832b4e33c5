/**
 * The benchmark of the tokenizer: node --import tsx tests/bench/tokenizer/bench.ts ROW... --corpus DIR [options]
 *
 *   training      seconds, beside HF tokenizers, rustbpe, YouTokenToMe, sentencepiece        (options in support.ts)
 *   encoding      MB/s on one thread, beside tiktoken, HF tokenizers, @huggingface/tokenizers, gigatoken
 *   speed         encoding from the first byte of a process and warm, two threads, beside all peers, ids compared
 *   training-speed  seconds on 80 MB beside gigatoken, which has GPT-2's split rule alone
 *   equality      ids on 10,000 lines, 300 documents and 5,000 fuzzed texts in five engines, both modes
 *   compression   bytes per token on other sources, beside o200k and others
 *   transform     what tone, hat and case taken out of syllables before BPE promise: bytes per token, n-grams
 *   scale         time and memory at ¼, ½, 1 and 2 GB, both modes
 *   hostile       time on input made to hurt, at one size and twice that
 */
import { compression } from './compression.ts';
import { encoding } from './encoding.ts';
import { equality } from './equality.ts';
import { hostile } from './hostile.ts';
import { scale } from './scale.ts';
import { speed, speedOfTraining } from './speed.ts';
import { build, machine, rows } from './support.ts';
import { training } from './training.ts';
import { transform } from './transform.ts';

const ROWS = {
  transform,
  training,
  encoding,
  speed,
  'training-speed': speedOfTraining,
  equality,
  compression,
  scale,
  hostile,
};

const wrong = rows.find((row) => !(row in ROWS));
if (wrong !== undefined || rows.length === 0) {
  console.error(`bench: ${wrong ?? 'no row'}, expected some of ${Object.keys(ROWS).join(' ')}`);
  process.exitCode = 2;
} else {
  build();
  console.log(machine());
  for (const row of rows) await ROWS[row as keyof typeof ROWS]();
}
