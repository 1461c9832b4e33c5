/** datatrove and nanotron: `NAME.ds` with the tokens, `NAME.ds.index` with the ends of documents (u64), in tokens. */
import { tokenTypeFor } from '../../format.ts';
import { digits, type Engine, TOKEN_BYTES } from './engine.ts';

export const DATATROVE: Engine = {
  partTokens: 2 ** 30,
  dtype: tokenTypeFor,
  writer({ split, index, tokens: total }, { dtype }, open) {
    const name = `${split}/${digits(index)}.ds`;
    const [tokens, ends] = [open(name), open(`${name}.index`)];
    let before = 0;
    return {
      add(documents) {
        tokens.write(documents.tokens);
        ends.write(BigUint64Array.from(documents.ends, (end) => BigInt(before + end)));
        before += documents.tokens.length;
      },
      finish() {
        tokens.end();
        ends.end();
        // What datatrove's DocumentTokenizer(save_final_metadata) writes: tokenizer and bytes of a token, then how many.
        const metadata = open(`${name}.metadata`);
        metadata.write(`tokenizer.json|${TOKEN_BYTES[dtype]}\n${total}\n`);
        metadata.end();
        return null;
      },
    };
  },
};
