/**
 * A finished model on held-out text of today: how the gate of a night compares two models. Bits per byte do not depend on
 * the tokenizer, so a model reads the text in tokens of its own.
 */
import type { Work } from '../../crawlers/shell/work.ts';
import { tokensInMemory } from '../../shards/tokens/source.ts';
import { Tokenizer } from '../../tokenizer/load.ts';
import { openGpu } from '../gpu/adapter.ts';
import type { AdapterChoice } from '../gpu/choice.ts';
import { loadChoice } from '../kernels/tuned.ts';
import { Trainer } from '../model/trainer.ts';
import { type Checkpoint, loadCheckpoint, openCheckpoint } from '../record/checkpoint.ts';
import { evaluate } from '../score/bits-per-byte.ts';
import { type HeldOut, stretches, tokensOf } from '../score/held-out.ts';
import { resumedKernels, resumedOptions } from './history.ts';
import type { BestFigure, TrainingOptions } from './options.ts';
import { OPTIMIZER } from './recipe-options.ts';

/** Rows at a time where the checkpoint does not say. */
const ROWS = 8;

/**
 * Bits per byte of `checkpoint` on held-out text in tokens of the tokenizer in `from`; none when the signal was aborted.
 * @throws ToolkitError BAD_CHECKPOINT, NO_TOKENIZER, BAD_TOKENIZER, BAD_SHARD and those of the adapter
 */
export async function evaluateModel(
  checkpoint: Checkpoint,
  text: { readonly heldOut: HeldOut; readonly from: string },
  adapter: AdapterChoice,
  { signal, report }: Work,
): Promise<number | undefined> {
  const heldOut = await inTokensOf(checkpoint.dir, text.heldOut, text.from);
  return withModel(checkpoint, adapter, async (trainer) => {
    const progress = report.stage('compare', 'tokens', tokensOf(heldOut));
    const maskDocuments = checkpoint.state.options.maskDocuments === 'true';
    const onTokens = (done: number): void => progress.update(done);
    const found = await evaluate(trainer, heldOut, { maskDocuments, signal, onTokens });
    progress.finish(found && { 'bits/byte': found.bitsPerByte.toFixed(4) });
    return found?.bitsPerByte;
  });
}

/**
 * The checkpoint that `--best` takes on the text of the closing figures, where it is not the one of `step`: it was chosen by
 * other text. The trainer has its weights afterwards. None when the signal was aborted.
 */
export async function evaluateBest(
  trainer: Trainer,
  { out, maskDocuments }: Pick<TrainingOptions, 'out' | 'maskDocuments'>,
  step: number,
  text: HeldOut,
  signal: AbortSignal,
): Promise<BestFigure | undefined> {
  const best = openCheckpoint(out, { need: 'parameters', best: true });
  if (best.isNotBest || best.state.step === step) return undefined;
  loadCheckpoint(best, trainer.arena, 'parameters');
  const found = await evaluate(trainer, text, { maskDocuments, signal });
  return found && { step: best.state.step, bitsPerByte: found.bitsPerByte, standardError: found.standardError };
}

/** The weights of a checkpoint on an adapter, as long as they are used. @throws ToolkitError BAD_CHECKPOINT and those of the adapter */
export async function withModel<T>(
  checkpoint: Checkpoint,
  adapter: AdapterChoice,
  use: (trainer: Trainer) => Promise<T>,
): Promise<T> {
  const { config } = checkpoint.state;
  const { precision, microBatch: rows = ROWS } = resumedOptions(checkpoint);
  const gpu = await openGpu(adapter);
  try {
    const kernels = resumedKernels(checkpoint, gpu.facts) ?? loadChoice(gpu.facts).choice;
    const storage = precision === 'mixed' && gpu.facts.features.includes('shader-f16') ? 'f16' : 'f32';
    const trainer = await Trainer.create(gpu, config, { rows, optimizer: OPTIMIZER, storage, kernels });
    try {
      loadCheckpoint(checkpoint, trainer.arena, 'parameters');
      return await use(trainer);
    } finally {
      trainer.release();
    }
  } finally {
    gpu.destroy();
  }
}

/** The same text in tokens of the tokenizer in `dir`; `heldOut` is in those of the one in `from`. */
async function inTokensOf(dir: string, heldOut: HeldOut, from: string): Promise<HeldOut> {
  const [own, other] = [await Tokenizer.load(dir), await Tokenizer.load(from)];
  if (own.fingerprint === other.fingerprint) return heldOut;
  const { vocabSize, bosId } = own;
  const lengths = heldOut.pieces.map(({ length }) => length);
  const arrays: Uint32Array[] = [];
  let ids: number[] = [];
  for await (const { index, at, stretch } of stretches(heldOut.tokens, lengths)) {
    for (const id of at === 0 ? stretch.subarray(1) : stretch) ids.push(id);
    if (at + stretch.length < lengths[index]) continue;
    const again = own.encode(other.decodeBytes(ids));
    const array = new Uint32Array(1 + again.length).fill(bosId);
    array.set(again, 1);
    arrays.push(array);
    ids = [];
  }
  return {
    ...heldOut,
    tokens: tokensInMemory(arrays, { fingerprint: own.fingerprint, vocabSize, bosId }),
    pieces: heldOut.pieces.map((piece, index) => ({ ...piece, length: arrays[index].length })),
  };
}
