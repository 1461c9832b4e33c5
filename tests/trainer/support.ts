/** What the tests of checkpoints and exports share: a small tokenizer on disk, and a checkpoint made without training. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tokenizerConfigJson, tokenizerJson } from '../../tokenizer/encode/export.ts';
import { ggufTensors } from '../../trainer/export/gguf-model.ts';
import { normal } from '../../trainer/gpu/random.ts';
import { type ModelConfig, modelConfig } from '../../trainer/model/config.ts';
import {
  CHECKPOINT_FORMAT,
  CHECKPOINT_VERSION,
  type CheckpointState,
  writeCheckpoint,
} from '../../trainer/record/checkpoint.ts';
import type { TensorSource } from '../../trainer/record/tensor-file.ts';
import { sampleTexts, train } from '../tokenizer/support.ts';

/** Trains a tokenizer into `dir`. @returns the tokens of its vocabulary. */
export async function writeTokenizer(dir: string, vocabSize: number): Promise<number> {
  const model = await train(sampleTexts(), { vocabSize });
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'tokenizer.json'), tokenizerJson(model));
  writeFileSync(join(dir, 'tokenizer_config.json'), tokenizerConfigJson());
  return 256 + model.merges.length / 2 + model.specialTokens.length;
}

export const stateOf = (step: number, config: ModelConfig, more: Partial<CheckpointState> = {}): CheckpointState => ({
  format: CHECKPOINT_FORMAT,
  version: CHECKPOINT_VERSION,
  step,
  config,
  loader: { fingerprint: 'f', seed: 1, epoch: 0, position: 0 },
  optimizer: [],
  options: { batch: 4, seed: 1, tokens: 'f' },
  adapter: 'none',
  ...more,
});

/** A checkpoint with random weights, all parts of which matter. */
export async function randomCheckpoint(
  outDir: string,
  tokenizerDir: string,
  vocabSize: number,
  change: Partial<ModelConfig> = {},
): Promise<{ dir: string; config: ModelConfig }> {
  const config: ModelConfig = { ...modelConfig({ vocabSize, depth: 2, width: 64, context: 32 }), ...change };
  const tensors = new Map<string, TensorSource>(
    ggufTensors(config, 'f32').map(({ from, shape }, i) => {
      const count = shape.reduce((a, b) => a * b, 1);
      const values = normal(i + 1, count, shape.length === 1 ? 0.3 : 0.15);
      const data = shape.length === 1 ? values.map((value) => 1 + value) : values;
      return [from, { dtype: 'F32', shape, read: () => data }];
    }),
  );
  const files = { 'model.safetensors': tensors, 'optimizer.safetensors': new Map() };
  return { dir: await writeCheckpoint(outDir, files, stateOf(7, config), tokenizerDir), config };
}
