/** A tokenizer made here as a Codec: its model says its ids, the kernel encodes. */
import { type BpeModel, tokenBytesOf, vocabSizeOf } from '../model.ts';
import { Encoder } from './encode.ts';
import type { Codec } from './foreign.ts';

export function openOwn(model: BpeModel): Codec {
  const made = tokenBytesOf(model);
  const vocabSize = vocabSizeOf(model);
  const first = made.starts.length - 1;
  const starts = new Uint32Array(vocabSize + 1).fill(made.bytes.length);
  starts.set(made.starts);
  const specials = new Map(model.specialTokens.map((name, i) => [name, first + i]));
  let opened: Encoder | undefined;
  const encoder = (): Encoder => {
    opened ??= new Encoder(model);
    return opened;
  };
  return {
    ...{ vocabSize, specials, split: model.split, tokens: { bytes: made.bytes, starts } },
    ids: { bos: specials.get('<|bos|>')!, eos: specials.get('<|eos|>')!, pad: specials.get('<|pad|>')! },
    encode: (text) => encoder().encode(text),
    piecesOf: (bytes) => encoder().mergeAll(bytes),
  };
}
