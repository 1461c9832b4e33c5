/** Documents in hand → the token shards of one split, with the table of documents beside each. */
import { makeData, Uint16, Uint32 } from 'apache-arrow';
import { ToolkitError } from '../../crawlers/shell/errors.ts';
import { TOKEN_SCHEMAS } from '../arrow/schemas.ts';
import { ShardWriter } from '../arrow/write-shard.ts';
import { type Checksum, createChecksum } from '../checksum.ts';
import { shardFile, type TokenType, tableFile } from '../format.ts';
import type { TokenShard } from '../manifest-shape.ts';
import type { Split } from '../split.ts';
import { addCounts } from './counts.ts';
import { TOKEN_ARRAYS, type TokenArray } from './source.ts';
import { TableWriter } from './write-table.ts';

/** Tokens in a record batch: 2 MiB of uint16. Of held-out text 128 KiB, for figures are of a few windows of it. */
const BATCH_TOKENS = { train: 1 << 20, valid: 1 << 16 } as const;
/** Tokens after which a shard ends with its document: 128 MiB of uint16. */
const SHARD_TOKENS = 1 << 26;

export interface SplitWriterOptions {
  readonly outDir: string;
  readonly vocabSize: number;
  readonly bosId: number;
  readonly shardTokens?: number;
  readonly batchTokens?: number;
}

/** What stands of a document beside its tokens. */
export interface TokenDocument {
  /** Checksum of its text, and UTF-8 bytes. */
  readonly textHash: bigint;
  readonly textBytes: number;
  readonly cluster: string;
  readonly source: string;
}

interface OpenShard {
  readonly writer: ShardWriter;
  readonly clusters: Checksum;
  readonly table: TableWriter;
  tokens: number;
  documents: number;
  textBytes: number;
}

/** The shards of one split, one after the other. */
export class SplitWriter {
  /** Tokens written so far, BOS included. */
  tokens = 0;
  /** How often each id was written, BOS among them. */
  readonly counts: Float64Array;
  readonly #options: SplitWriterOptions;
  readonly #split: Split;
  readonly #dtype: TokenType;
  readonly #bos: TokenArray;
  readonly #buffer: TokenArray;
  readonly #finished: TokenShard[] = [];
  #filled = 0;
  #index: number;
  #open: OpenShard | undefined;

  constructor(options: SplitWriterOptions, split: Split, dtype: TokenType, firstIndex: number) {
    this.#options = options;
    this.#split = split;
    this.#dtype = dtype;
    this.#index = firstIndex;
    this.#bos = new TOKEN_ARRAYS[dtype](1).fill(options.bosId);
    this.#buffer = new TOKEN_ARRAYS[dtype](options.batchTokens ?? BATCH_TOKENS[split]);
    this.counts = new Float64Array(options.vocabSize);
  }

  /** @param ids its tokens, without BOS. @throws ToolkitError BAD_TOKEN (an id outside the vocabulary) */
  add({ textHash, textBytes, cluster, source }: TokenDocument, ids: TokenArray): void {
    const { vocabSize, bosId, shardTokens = SHARD_TOKENS } = this.#options;
    for (let i = 0; i < ids.length; i++) if (ids[i] >= vocabSize) throw badToken(ids[i], vocabSize);
    addCounts(this.counts, ids);
    this.counts[bosId]++;
    this.#open ??= this.#start();
    const shard = this.#open;
    this.#append(shard.writer, this.#bos);
    this.#append(shard.writer, ids);
    shard.clusters.update(Buffer.from(`${cluster}\n`));
    const tokens = 1 + ids.length;
    shard.table.add(source, tokens, textBytes, textHash);
    shard.documents++;
    shard.textBytes += textBytes;
    shard.tokens += tokens;
    this.tokens += tokens;
    if (shard.tokens >= shardTokens) this.#end();
  }

  /** Ends the shard in hand; those that were finished since the last call. */
  take(): TokenShard[] {
    this.#end();
    return this.#finished.splice(0);
  }

  /** Drops the unfinished shard; finished ones that no manifest lists are removed by the next run. */
  discard(): void {
    this.#open?.writer.discard();
    this.#open?.table.discard();
    this.#open = undefined;
  }

  #start(): OpenShard {
    const file = shardFile(this.#split, this.#index++);
    const writer = new ShardWriter(this.#options.outDir, file, TOKEN_SCHEMAS[this.#dtype]);
    const table = new TableWriter(this.#options.outDir, tableFile(file));
    return { writer, table, clusters: createChecksum(), tokens: 0, documents: 0, textBytes: 0 };
  }

  #append(writer: ShardWriter, ids: TokenArray): void {
    for (let at = 0; at < ids.length; ) {
      const part = ids.subarray(at, at + this.#buffer.length - this.#filled);
      this.#buffer.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === this.#buffer.length) this.#flush(writer);
    }
  }

  #flush(writer: ShardWriter): void {
    const rows = this.#filled;
    if (rows === 0) return;
    const data = this.#buffer.subarray(0, rows);
    const type = this.#dtype === 'uint16' ? new Uint16() : new Uint32();
    writer.write(rows, [makeData({ type, length: rows, nullCount: 0, data })]);
    this.#filled = 0;
  }

  #end(): void {
    const shard = this.#open;
    if (!shard) return;
    this.#flush(shard.writer);
    const { documents, textBytes, clusters } = shard;
    const entry = shard.writer.finish();
    const table = shard.table.finish();
    this.#open = undefined;
    this.#finished.push({
      ...entry,
      split: this.#split,
      documents,
      textBytes,
      clusters: clusters.digest(),
      table,
    });
  }
}

function badToken(id: number, vocabSize: number): ToolkitError {
  return new ToolkitError({
    code: 'BAD_TOKEN',
    message: `encode: token id ${id}, expected less than the vocabulary of ${vocabSize}`,
    hint: 'tokenizer.json and the encoder do not belong together',
  });
}
