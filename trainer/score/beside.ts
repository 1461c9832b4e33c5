/**
 * What stands beside closing figures, from one reading of training text: a byte 5-gram of it, and which passages of the
 * held-out text stand in it. Both are bounded, and say by what.
 */
import { PASSAGES, SharedPassages } from '../../cleaning/vietnamese/terms.ts';
import type { TokenSource } from '../../shards/tokens/source.ts';
import { permutation } from '../loader/shuffle.ts';
import type { Passages, Yardstick } from './bits-per-byte.ts';
import { ByteModel, evaluateBytes } from './byte-model.ts';
import { type HeldOut, stretches, tokensOf } from './held-out.ts';

/** Bytes of the training split that are read, at most: some seconds. */
const TRAIN_BYTES = 2 ** 23;
/** Tokens of held-out text whose passages are looked for, at most: its runs lie in memory. */
const PASSAGE_TOKENS = 2 ** 19;
const DECODER = new TextDecoder();

export async function besideOf(
  train: TokenSource,
  heldOut: HeldOut,
  trainBytes = TRAIN_BYTES,
): Promise<{ readonly bytes: Yardstick; readonly passages: Passages }> {
  const bytesOf = await heldOut.tokenizer.bytesOf();
  const texts = await textsOf(heldOut, bytesOf);
  const passages = new SharedPassages(texts);
  const model = new ByteModel();
  const batchAt = permutation(train.batchTokens.length, 0, 0);
  let [left, hasRoom] = [trainBytes, true];
  for (let i = 0; i < train.batchTokens.length && left > 0; i++) {
    for (const ids of documentsIn(await train.load(batchAt(i)), train.bosId)) {
      const text = bytesOf(ids).subarray(0, left);
      left -= text.length;
      hasRoom = hasRoom && model.learn(text);
      passages.hear(DECODER.decode(text));
      if (left === 0) break;
    }
  }
  const { bitsPerByte, standardError } = await evaluateBytes(model, heldOut);
  const words = passages.share;
  return {
    bytes: { bitsPerByte, standardError, trainBytes: model.bytes },
    passages: {
      documents: texts.length,
      trainBytes: trainBytes - left,
      shares: Object.fromEntries(PASSAGES.map((size, i) => [size, words[i]])) as Passages['shares'],
    },
  };
}

/** Stretches of a record batch between separators. */
function* documentsIn<T extends Uint16Array | Uint32Array>(batch: T, bosId: number): Generator<T> {
  for (let from = 0; from < batch.length; ) {
    const next = batch.indexOf(bosId, from);
    const end = next < 0 ? batch.length : next;
    if (end > from) yield batch.subarray(from, end) as T;
    from = end + 1;
  }
}

/** Texts of its pieces, of long ones every n-th. */
async function textsOf(
  heldOut: HeldOut,
  bytesOf: (ids: Uint16Array | Uint32Array) => Uint8Array<ArrayBuffer>,
): Promise<string[]> {
  const step = Math.ceil(tokensOf(heldOut) / PASSAGE_TOKENS);
  const texts: string[] = [];
  for await (const { index, at, stretch } of stretches(
    heldOut.tokens,
    heldOut.pieces.map(({ length }) => length),
  )) {
    if (index % step > 0) continue;
    const text = DECODER.decode(bytesOf(at === 0 ? stretch.subarray(1) : stretch));
    if (at === 0) texts.push(text);
    else texts.push(texts.pop()! + text);
  }
  return texts;
}
