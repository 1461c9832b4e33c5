/**
 * LitData (litgpt): chunks for `TokensLoader`, `index.json` beside those of a split.
 *
 *   chunk   │ u32 n │ u32 offsets[n + 1], of the file │ tokens, an item for each document │
 */
import { tokenTypeFor } from '../../format.ts';
import type { TokenArray } from '../../tokens/source.ts';
import { type Engine, eachLength, Lengths, TOKEN_BYTES } from './engine.ts';

const CHUNK_BYTES = 1 << 26;
/** Of litdata's list of numpy types. */
const DTYPES = { uint16: 5, uint32: 6 } as const;

interface ChunkInfo {
  readonly chunk_bytes: number;
  readonly chunk_size: number;
  /** Tokens: a row that would cross into the next chunk is left out there. */
  readonly dim: number;
  readonly filename: string;
}

export const LITDATA: Engine = {
  partTokens: 2 ** 30,
  dtype: tokenTypeFor,
  writer({ split, index }, { dtype }, open) {
    const chunks: ChunkInfo[] = [];
    const lengths = new Lengths();
    let waiting: TokenArray[] = [];
    let tokens = 0;
    const flush = (): void => {
      const { values } = lengths;
      if (values.length === 0) return;
      const head = new Uint32Array(values.length + 2);
      head[0] = values.length;
      head[1] = head.byteLength;
      for (let i = 0; i < values.length; i++) head[i + 2] = head[i + 1] + values[i] * TOKEN_BYTES[dtype];
      const filename = `chunk-${index}-${chunks.length}.bin`;
      const file = open(`${split}/${filename}`);
      for (const part of [head, ...waiting]) file.write(part);
      chunks.push({ chunk_bytes: file.bytes, chunk_size: values.length, dim: tokens, filename });
      file.end();
      waiting = [];
      lengths.clear();
      tokens = 0;
    };
    return {
      add(documents) {
        waiting.push(documents.tokens.slice());
        eachLength(documents, (length) => lengths.add(length));
        tokens += documents.tokens.length;
        if (tokens * TOKEN_BYTES[dtype] >= CHUNK_BYTES) flush();
      },
      finish() {
        flush();
        return chunks;
      },
    };
  },
  index(_split, parts, { dtype }) {
    const config = {
      ...{ compression: null, chunk_size: null, chunk_bytes: CHUNK_BYTES, encryption: null },
      data_format: [`no_header_numpy:${DTYPES[dtype]}`],
      data_spec: '[1, {"type": null, "context": null, "children_spec": []}]',
      item_loader: 'TokensLoader',
    };
    const chunks = parts.flatMap(({ facts }) => facts as ChunkInfo[]);
    return { 'index.json': `${JSON.stringify({ chunks, config, updated_at: '0' })}\n` };
  },
};
