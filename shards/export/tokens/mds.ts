/**
 * MosaicML streaming (llm-foundry): shards of rows, `index.json` beside those of a split (MDSWriter, version 2).
 *
 *   shard   │ u32 n │ u32 offsets[n + 1], of the file │ JSON of the columns │ samples │
 *   sample  a row: its tokens; a document: u32 sizes of source and tokens, the source, u8 and the length, the tokens
 */
import { tokenTypeFor } from '../../format.ts';
import type { TokenArray } from '../../tokens/source.ts';
import { digits, type Engine, Lengths, type PartWriter, TOKEN_BYTES, type TokenShape } from './engine.ts';
import { Rows } from './rows.ts';

const SHARD_BYTES = 1 << 26;

interface ShardInfo {
  readonly name: string;
  readonly bytes: number;
  readonly samples: number;
}

export const MDS: Engine = {
  partTokens: 2 ** 30,
  // llm-foundry pads a sample that is shorter than its max_seq_len and cuts one that is longer.
  context: 2048,
  rows: true,
  dtype: tokenTypeFor,
  writer({ split, index }, shape, open) {
    const config = Buffer.from(sortedJson(configOf(shape)));
    const shards: ShardInfo[] = [];
    let samples: Buffer[] = [];
    const lengths = new Lengths();
    let bytes = 0;
    const flush = (): void => {
      const sizes = lengths.values;
      if (sizes.length === 0) return;
      const head = new Uint32Array(sizes.length + 2);
      head[0] = sizes.length;
      head[1] = head.byteLength + config.length;
      for (let i = 0; i < sizes.length; i++) head[i + 2] = head[i + 1] + sizes[i];
      const name = `shard.${digits(index)}.${digits(shards.length)}.mds`;
      const file = open(`${split}/${name}`);
      for (const part of [head, config, ...samples]) file.write(part);
      shards.push({ name, bytes: file.bytes, samples: sizes.length });
      file.end();
      samples = [];
      lengths.clear();
      bytes = 0;
    };
    const add = (sample: Buffer, size: number, count = 1): void => {
      samples.push(sample);
      for (let i = 0; i < count; i++) lengths.add(size);
      bytes += sample.length + 4 * count;
      if (bytes >= SHARD_BYTES) flush();
    };
    const finish = (): ShardInfo[] => {
      flush();
      return shards;
    };
    if (shape.context === 0) return { ...documentWriter(add), finish };
    const rows = new Rows(shape.context, (tokens, count) =>
      add(Buffer.from(bytesOf(tokens)), shape.context * TOKEN_BYTES[shape.dtype], count),
    );
    return { add: ({ tokens }) => rows.add(tokens), finish };
  },
  index(_split, parts, shape) {
    const shards = parts.flatMap(({ facts }) => facts as ShardInfo[]);
    const entries = shards.map(({ name, bytes, samples }) => ({
      ...configOf(shape),
      raw_data: { basename: name, bytes, hashes: {} },
      samples,
      zip_data: null,
    }));
    return { 'index.json': `${JSON.stringify({ shards: entries, version: 2 })}\n` };
  },
};

function configOf({ dtype, context }: TokenShape): Record<string, unknown> {
  const isRow = context > 0;
  return {
    column_encodings: isRow ? [`ndarray:${dtype}:${context}`] : ['str', `ndarray:${dtype}`],
    column_names: isRow ? ['tokens'] : ['source', 'tokens'],
    column_sizes: isRow ? [context * TOKEN_BYTES[dtype]] : [null, null],
    compression: null,
    format: 'mds',
    hashes: [],
    size_limit: SHARD_BYTES,
    version: 2,
  };
}

const sortedJson = (object: Record<string, unknown>): string =>
  JSON.stringify(Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1))));

function documentWriter(add: (sample: Buffer, size: number) => void): Pick<PartWriter, 'add'> {
  return {
    add(documents) {
      for (let i = 0, from = 0; i < documents.count; i++) {
        const tokens = bytesOf(documents.tokens.subarray(from, documents.ends[i]));
        const source = Buffer.from(documents.source(i));
        const shape = shapeOf(documents.ends[i] - from);
        const sizes = Buffer.from(Uint32Array.of(source.length, shape.length + tokens.length).buffer);
        const sample = Buffer.concat([sizes, source, shape, tokens]);
        add(sample, sample.length);
        from = documents.ends[i];
      }
    },
  };
}

/** One dimension, and its length as narrow as may be: `ndim << 2 | log2(bytes)`. */
function shapeOf(length: number): Buffer {
  const bytes = length < 2 ** 8 ? 1 : length < 2 ** 16 ? 2 : 4;
  const shape = Buffer.alloc(1 + bytes);
  shape.writeUInt8((1 << 2) | Math.log2(bytes));
  shape.writeUIntLE(length, 1, bytes);
  return shape;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: TokenArray): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
