/**
 * OLMo-core: `NAME.npy`, bare numbers without the header of an .npy file, and `NAME.csv.gz` with a line for each
 * document: first token, one behind its last, id, source, number. Documents are told apart by EOS.
 */
import { gzipSync } from 'node:zlib';
import { tokenTypeFor } from '../../format.ts';
import { digits, type Engine, eachLength } from './engine.ts';

export const OLMO: Engine = {
  partTokens: 2 ** 30,
  dtype: tokenTypeFor,
  writer({ split, index }, _shape, open) {
    const name = `${split}/part-${digits(index)}`;
    const [tokens, table] = [open(`${name}.npy`), open(`${name}.csv.gz`)];
    let [at, number] = [0, 0];
    return {
      add(documents) {
        tokens.write(documents.tokens);
        const lines: string[] = [];
        eachLength(documents, (length, i) => {
          lines.push(`${at},${at + length},${documents.textHash(i)},${field(documents.source(i))},${number++}\n`);
          at += length;
        });
        if (lines.length > 0) table.write(gzipSync(lines.join(''), { level: 1 })); // members of gzip follow each other
      },
      finish() {
        if (number === 0) table.write(gzipSync(''));
        tokens.end();
        table.end();
        return null;
      },
    };
  },
};

const field = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
