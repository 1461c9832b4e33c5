/** What the tests of runs and checkpoints share: tokens, a small tokenizer on disk, a checkpoint made without training. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checksumOf } from '../../shards/checksum.ts';
import type { TokenSource } from '../../shards/tokens/source.ts';
import { writeTokens } from '../../shards/tokens/write.ts';
import { tokenizerConfigJson, tokenizerJson } from '../../tokenizer/encode/export.ts';
import { type BpeModel, SPECIAL_TOKENS } from '../../tokenizer/model.ts';
import { DEFAULT_SPLIT } from '../../tokenizer/text/split.ts';
import { ggufTensors } from '../../trainer/export/gguf-model.ts';
import { normal } from '../../trainer/gpu/random.ts';
import { type ModelConfig, modelConfig } from '../../trainer/model/config.ts';
import { tokenizerFilesIn, writeCheckpoint } from '../../trainer/record/checkpoint.ts';
import type { TensorSource } from '../../trainer/record/tensor-file.ts';
import type { HeldOut } from '../../trainer/score/held-out.ts';
import { document, writeFolder } from '../shards/support.ts';
import { context, range, temporaryFolder } from '../support.ts';
import { sampleTexts, train } from '../tokenizer/support.ts';
import { stateOf } from './state.ts';

/** A folder of token shards, a token for each byte, in record batches of 512. */
export async function makeTokens(documents = 60, shards: { readonly shardTokens?: number } = {}): Promise<string> {
  const [documentsDir, tokenizerDir, outDir] = [0, 1, 2].map(() => temporaryFolder('file'));
  writeFolder(
    documentsDir,
    range(documents).map((n) => document(n)),
  );
  const model: BpeModel = { merges: new Int32Array(), specialTokens: SPECIAL_TOKENS, split: DEFAULT_SPLIT };
  writeFileSync(join(tokenizerDir, 'tokenizer.json'), tokenizerJson(model));
  writeFileSync(join(tokenizerDir, 'tokenizer_config.json'), tokenizerConfigJson());
  const encode = (text: Uint8Array): Uint16Array => Uint16Array.from(text);
  const options = { documentsDir, tokenizerDir, outDir, encode, vocabSize: 257, bosId: 256, validShare: 0.1 };
  await writeTokens({ ...options, ...shards, batchTokens: 512 }, context());
  return outDir;
}

/** Whole documents that are in memory, a byte for each of the ids unless a test says otherwise. */
export function heldOutInMemory(
  tokens: TokenSource,
  sources: readonly string[],
  documents: readonly { source: number; length: number; textBytes: number }[],
): HeldOut {
  const pieces = documents.map((one, document) => {
    return { ...one, document, hash: checksumOf(Buffer.from(`${document}`)), isWhole: true, begin: 0 };
  });
  const sum = (key: 'length' | 'textBytes'): number => pieces.reduce((total, piece) => total + piece[key], 0);
  const split = { documents: pieces.length, tokens: sum('length'), textBytes: sum('textBytes') };
  const byteLengths = async () => new Uint16Array(tokens.vocabSize).fill(1);
  const bytesOf = async () => (ids: ArrayLike<number>) => Uint8Array.from(ids);
  return { tokens, sources, pieces, split, tokenizer: { fingerprint: 't', byteLengths, bytesOf } };
}

/** Trains a tokenizer into `dir`. @returns the tokens of its vocabulary. */
export async function writeTokenizer(dir: string, vocabSize: number): Promise<number> {
  const model = await train(sampleTexts(), { vocabSize });
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'tokenizer.json'), tokenizerJson(model));
  writeFileSync(join(dir, 'tokenizer_config.json'), tokenizerConfigJson());
  return 256 + model.merges.length / 2 + model.specialTokens.length;
}

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
  return { dir: await writeCheckpoint(outDir, files, stateOf(7, config), tokenizerFilesIn(tokenizerDir)), config };
}
