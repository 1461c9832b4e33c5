/**
 * The table beside a token shard: a row for each of its documents, in order. An Arrow file like the shard, read here by
 * position, for a page has no Arrow library; columns of fixed width come first, so that their places follow from the
 * number of rows.
 *
 *   body   │ text_hash: u64 × rows │ tokens: u32 × rows │ text_bytes: u32 × rows │ source: offsets i32 × (rows + 1) │ UTF-8 │
 *          each padded to 8 bytes
 */
import { badShard, pathOf, type RangeReader } from '../arrow/ranges.ts';
import { checksumOf } from '../checksum.ts';
import type { SourceFigures, TableEntry, TokenManifest, TokenShard } from '../manifest-shape.ts';

/** Documents of a shard, an element each. */
export interface ShardDocuments {
  readonly source: readonly string[];
  /** BOS included. */
  readonly tokens: readonly number[];
  /** UTF-8 bytes of the text that was encoded. */
  readonly textBytes: readonly number[];
  /** Checksum of the text; absent in some folders of version 2. */
  readonly textHash?: readonly string[];
}

/**
 * @returns `undefined` where version 2 did not list them: of a shard of `train`
 * @throws ToolkitError BAD_SHARD when the file is not the one of the manifest; those of reading it
 */
export async function documentsOf(
  { sources = [] }: TokenManifest,
  shard: TokenShard,
  ranges: RangeReader,
): Promise<ShardDocuments | undefined> {
  const { table, perDocument: listed } = shard;
  if (listed !== undefined) return { ...listed, source: listed.source.map((index) => sources[index].source) };
  if (table === undefined) return undefined;
  const documents = await readTable(ranges, table);
  if (sumOf(documents.tokens) === shard.rows && sumOf(documents.textBytes) === shard.textBytes) return documents;
  throw badShard(pathOf(ranges.where, table.file), `its documents do not add up to ${shard.file}`);
}

async function readTable(ranges: RangeReader, { file, bytes, checksum, batches }: TableEntry): Promise<ShardDocuments> {
  const whole = new Uint8Array(bytes);
  await ranges.read({ file, fileBytes: bytes, position: 0, part: 'table' }, whole);
  const found = checksumOf(whole);
  if (found !== checksum) throw badShard(pathOf(ranges.where, file), `checksum ${found}, expected ${checksum}`);
  const documents = { source: [] as string[], tokens: [] as number[], textBytes: [] as number[] };
  const textHash: string[] = [];
  const utf8 = new TextDecoder();
  for (const { rows, offset } of batches) {
    let at = offset;
    /** The next column of so many bytes, in memory of its own: views want to be aligned. */
    const take = (length: number): ArrayBuffer => {
      const column = whole.slice(at, at + length).buffer;
      at += Math.ceil(length / 8) * 8;
      return column;
    };
    for (const hash of new BigUint64Array(take(8 * rows))) textHash.push(hash.toString(16).padStart(16, '0'));
    for (const tokens of new Uint32Array(take(4 * rows))) documents.tokens.push(tokens);
    for (const textBytes of new Uint32Array(take(4 * rows))) documents.textBytes.push(textBytes);
    const offsets = new Int32Array(take(4 * (rows + 1)));
    const names = new Uint8Array(take(offsets[rows]));
    for (let row = 0; row < rows; row++) {
      documents.source.push(utf8.decode(names.subarray(offsets[row], offsets[row + 1])));
    }
  }
  return { ...documents, textHash };
}

export interface SourceRow {
  readonly source: string;
  readonly train: SourceFigures;
  readonly valid: SourceFigures;
}

/** What each source gave to each split, in the order in which sources appear; reads every table. @throws as `documentsOf` */
export async function sourcesOf(manifest: TokenManifest, ranges: RangeReader): Promise<readonly SourceRow[]> {
  if (manifest.sources !== undefined) return manifest.sources;
  const rows = new Map<string, SourceRow>();
  for (const shard of manifest.shards) {
    const { source, tokens, textBytes } = (await documentsOf(manifest, shard, ranges))!;
    for (const [i, name] of source.entries()) {
      const none = (): SourceFigures => ({ documents: 0, tokens: 0, textBytes: 0 });
      const row = rows.get(name) ?? { source: name, train: none(), valid: none() };
      rows.set(name, row);
      const figures = row[shard.split];
      figures.documents++;
      figures.tokens += tokens[i];
      figures.textBytes += textBytes[i];
    }
  }
  return [...rows.values()];
}

const sumOf = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
