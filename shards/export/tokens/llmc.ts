/** llm.c and modded-nanogpt: 256 numbers (i32: magic, version, tokens), then the tokens; at most 100 M in a file. */
import { tokenTypeFor } from '../../format.ts';
import { digits, type Engine, type PartFile } from './engine.ts';

/** Of llm.c's dataloader: GPT-2's two bytes, Llama 3's four. */
const KINDS = { uint16: [20240520, 1], uint32: [20240801, 7] } as const;
const FILE_TOKENS = 100_000_000;

export const LLMC: Engine = {
  partTokens: 2 ** 30,
  dtype: tokenTypeFor,
  writer({ split, index, tokens: total }, { dtype }, open) {
    let [begun, left, number] = [0, 0, 0];
    let file: PartFile | undefined;
    const begin = (): PartFile => {
      left = Math.min(FILE_TOKENS, total - begun);
      begun += left;
      const head = new Int32Array(256);
      head.set([...KINDS[dtype], left]);
      const made = open(`${split}_${digits(index)}_${digits(number++)}.bin`);
      made.write(head);
      return made;
    };
    return {
      add({ tokens }) {
        for (let at = 0; at < tokens.length; ) {
          file ??= begin();
          const part = tokens.subarray(at, at + left);
          file.write(part);
          at += part.length;
          left -= part.length;
          if (left > 0) continue;
          file.end();
          file = undefined;
        }
      },
      finish() {
        file?.end();
        return null;
      },
    };
  },
};
