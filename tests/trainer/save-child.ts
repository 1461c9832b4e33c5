/** Saves checkpoints one after the other until it is killed: `save-child.ts OUT TOKENIZER FIRST_STEP`. */

import { modelConfig } from '../../trainer/model/config.ts';
import { tokenizerFilesIn, writeCheckpoint } from '../../trainer/record/checkpoint.ts';
import { stateOf } from './state.ts';

const [outDir, tokenizerDir, first] = process.argv.slice(2);
const config = modelConfig({ vocabSize: 61, depth: 1, width: 32, context: 16 });
for (let step = Number(first); ; step++) {
  const read = (): Float32Array => new Float32Array(1 << 19).fill(step);
  const sources = (names: string) =>
    new Map(Array.from(names, (name) => [name, { dtype: 'F32', shape: [1 << 19], read } as const]));
  const files = { 'model.safetensors': sources('ab'), 'optimizer.safetensors': sources('mv') };
  await writeCheckpoint(outDir, files, stateOf(step, config), tokenizerFilesIn(tokenizerDir), { keep: 2 });
  process.stdout.write(`${step}\n`);
}
