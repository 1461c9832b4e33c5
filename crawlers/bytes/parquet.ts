/**
 * Parquet files as batches of columns, by hyparquet. Columns are named by dotted paths (`metadata.url`, also into maps);
 * what is in memory is a page of each.
 */
import { closeSync, fstatSync, openSync, read as readCallback } from 'node:fs';
import { promisify } from 'node:util';
import { type FileMetaData, parquetMetadataAsync, parquetSchema, type RowGroup, type SchemaTree } from 'hyparquet';
import { isListLike, isMapLike } from 'hyparquet/src/schema.js';
import { badInput, reasonOf, type ToolkitError } from '../shell/errors.ts';
import { type ByteRanges, ColumnPages, type Values } from './parquet-pages.ts';

const MAGIC = 'PAR1';
/** Most rows of a batch. */
const BATCH_ROWS = 1024;
const readAsync = promisify(readCallback);

/** A file on the disk; `close` it. @throws Error of node:fs */
export function fileRanges(path: string): ByteRanges & { close(): void } {
  const file = openSync(path, 'r');
  return {
    name: path,
    size: fstatSync(file).size,
    async read(start, end) {
      const { bytesRead, buffer } = await readAsync(file, Buffer.allocUnsafeSlow(end - start), 0, end - start, start);
      return buffer.subarray(0, bytesRead);
    },
    close: () => closeSync(file),
  };
}

export interface ParquetFile {
  readonly bytes: ByteRanges;
  readonly rows: number;
  /** Paths of what has values, outermost first: `text`, `metadata.url`; a list and a map by their own. */
  readonly columns: readonly string[];
  /** Those of them that are maps: what stands in one is asked for by its key, `metadata.url`. */
  readonly maps: ReadonlySet<string>;
  readonly metadata: FileMetaData;
}

/** @throws ToolkitError BAD_PARQUET (exit 2): no footer, a damaged one, an encrypted file */
export async function openParquet(bytes: ByteRanges): Promise<ParquetFile> {
  const { name, size } = bytes;
  const tail = size < 12 ? '' : Buffer.from(await bytes.read(size - 4, size)).toString('latin1');
  if (tail === 'PARE') throw badParquet(name, 'an encrypted file', 'give it as plain Parquet');
  if (tail !== MAGIC) {
    const head = Buffer.from(await bytes.read(0, 4)).toString('latin1');
    const fact = head === MAGIC ? 'the file ends before its footer' : 'no Parquet file: "PAR1" stands at neither end';
    throw badParquet(name, fact, 'fetch or copy the file again: without its end none of it can be read');
  }
  try {
    const slice = async (start: number, end = size): Promise<ArrayBuffer> => exactly(await bytes.read(start, end));
    const metadata = await parquetMetadataAsync({ byteLength: size, slice }, { geoparquet: false });
    const leaves = parquetSchema(metadata).children.flatMap(leavesOf);
    const columns = leaves.map(nameOf);
    const maps = new Set(leaves.filter(isMapLike).map(nameOf));
    return { bytes, rows: Number(metadata.num_rows), columns, maps, metadata };
  } catch (error) {
    throw badParquet(name, `a damaged footer: ${reasonOf(error)}`, 'fetch or copy the file again', error);
  }
}

const exactly = ({ buffer, byteOffset, byteLength }: Uint8Array): ArrayBuffer =>
  buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;

const nameOf = ({ path }: SchemaTree): string => path.join('.');
const leavesOf = (node: SchemaTree): SchemaTree[] =>
  node.children.length === 0 || isListLike(node) || isMapLike(node) ? [node] : node.children.flatMap(leavesOf);

export interface ColumnBatch {
  readonly rows: number;
  /** Of the first row, in the file. */
  readonly at: number;
  /**
   * By path; absent where the file has no such column. Text and binary as bytes, 64-bit integers as bigint, times as
   * Date, a list as an array, what is null as null. Bytes are views of a page: copy what is kept.
   */
  readonly columns: ReadonlyMap<string, Values>;
}

export interface ReadColumnsOptions {
  readonly signal?: AbortSignal;
  /** Takes the fault of a row group, and the groups behind it are read; without it the fault is thrown. */
  readonly onFault?: (fault: ToolkitError) => void;
  /** Hears how many bytes of the file are dealt with, as they are stored. */
  readonly onRead?: (bytes: number) => void;
  /** Row groups that begin at these bytes of the file and before the last: without it all. */
  readonly within?: readonly [from: number, to: number];
  /** Which row groups are read, by the least and the greatest value of a column where the file states them. */
  readonly wants?: (range: (column: string) => readonly [least: unknown, greatest: unknown] | undefined) => boolean;
}

/**
 * Rows in the order of the file, of each the columns that are asked for. Ends early, without an error, when `signal` is
 * aborted. Rows before damage are handed out.
 * @throws ToolkitError BAD_PARQUET (exit 2) naming row group and column
 */
export async function* readColumns(
  { bytes, metadata }: ParquetFile,
  paths: readonly string[],
  { signal, onFault, onRead, within, wants = () => true }: ReadColumnsOptions = {},
): AsyncGenerator<ColumnBatch> {
  const tree = parquetSchema(metadata);
  let at = 0;
  let told = 0;
  for (const [number, group] of metadata.row_groups.entries()) {
    const rows = Number(group.num_rows);
    if (rows > 0 && isWithin(group, within) && wants((column) => rangeOf(group, column))) {
      try {
        yield* readGroup(bytes, tree, group, paths, at, signal);
      } catch (error) {
        const { path, cause } = error instanceof BadColumn ? error : { path: undefined, cause: error };
        const where = `row group ${number + 1} of ${metadata.row_groups.length}`;
        const column = path === undefined ? '' : `, column ${path}`;
        const hint = 'fetch or copy the file again; the rows before and the other row groups were read';
        const fault = badParquet(bytes.name, `${where}${column}: ${reasonOf(cause)}`, hint, cause);
        if (onFault === undefined) throw fault;
        onFault(fault);
      }
    }
    if (signal?.aborted) return;
    at += rows;
    const stored = group.columns.reduce((sum, { meta_data }) => sum + Number(meta_data?.total_compressed_size ?? 0), 0);
    onRead?.(stored);
    told += stored;
  }
  onRead?.(Math.max(0, bytes.size - told));
}

/** By the first byte of its first column. */
function isWithin({ columns }: RowGroup, within: ReadColumnsOptions['within']): boolean {
  if (within === undefined) return true;
  const { dictionary_page_offset, data_page_offset } = columns[0]?.meta_data ?? {};
  const first = Number(dictionary_page_offset ?? data_page_offset ?? 0);
  return first >= within[0] && first < within[1];
}

class BadColumn extends Error {
  readonly path: string;

  constructor(path: string, cause: unknown) {
    super(undefined, { cause });
    this.path = path;
  }
}

async function* readGroup(
  bytes: ByteRanges,
  tree: SchemaTree,
  group: RowGroup,
  paths: readonly string[],
  first: number,
  signal?: AbortSignal,
): AsyncGenerator<ColumnBatch> {
  const readers = paths.flatMap((path) => {
    try {
      return readerOf(bytes, tree, group, path) ?? [];
    } catch (error) {
      throw new BadColumn(path, error);
    }
  });
  const rows = Number(group.num_rows);
  for (let done = 0; done < rows && !signal?.aborted; ) {
    let count = Math.min(BATCH_ROWS, rows - done);
    for (const { path, leaves } of readers) {
      for (const leaf of leaves) {
        const ready = await leaf.fill().catch((error) => Promise.reject(new BadColumn(path, error)));
        if (ready === 0) throw new BadColumn(path, new Error(`ends after ${done} rows, expected ${rows}`));
        count = Math.min(count, ready);
      }
    }
    const columns = new Map(readers.map(({ path, take }) => [path, take(count)]));
    yield { rows: count, at: first + done, columns };
    done += count;
  }
}

interface Reader {
  readonly path: string;
  readonly leaves: readonly ColumnPages[];
  take(count: number): Values;
}

function readerOf(bytes: ByteRanges, tree: SchemaTree, group: RowGroup, path: string): Reader | undefined {
  const found = lookUp([tree], path);
  if (found === undefined) return undefined;
  const { nodes, key } = found;
  const node = nodes[nodes.length - 1];
  const pagesOf = (leaf: SchemaTree[]): ColumnPages => {
    const own = leaf[leaf.length - 1].path.join('\n');
    const meta = group.columns.find(({ meta_data }) => meta_data?.path_in_schema.join('\n') === own)?.meta_data;
    if (meta === undefined) throw new Error('the row group does not hold it');
    return new ColumnPages(bytes, meta, leaf);
  };
  if (key === undefined) {
    const pages = pagesOf(nodes);
    return { path, leaves: [pages], take: (count) => pages.take(count) };
  }
  const [entry] = node.children;
  const [keys, values] = entry.children.map((child) => pagesOf([...nodes, entry, child]));
  const take = (count: number): Values => {
    const [names, said] = [keys.take(count), values.take(count)] as ArrayLike<unknown[]>[];
    return Array.from(names, (row, i) => said[i][row.findIndex((name) => isNamed(name, key))] ?? null);
  };
  return { path, leaves: [keys, values], take };
}

const isNamed = (name: unknown, key: string): boolean =>
  (name instanceof Uint8Array ? Buffer.from(name).toString() : String(name)) === key;

/** The nodes down to what has values; a list by its elements, and what is behind a map is the key there. */
function lookUp(nodes: SchemaTree[], path: string): { nodes: SchemaTree[]; key?: string } | undefined {
  const node = nodes[nodes.length - 1];
  if (isMapLike(node))
    return path === '' || node.children[0].children.some(isNested) ? undefined : { nodes, key: path };
  if (path === '') {
    if (!isNested(node)) return { nodes };
    return isListLike(node) || node.element.repetition_type === 'REPEATED'
      ? node.children.length === 1
        ? lookUp([...nodes, node.children[0]], '')
        : undefined
      : undefined;
  }
  for (const child of node.children) {
    const { name } = child.element;
    if (path === name) return lookUp([...nodes, child], '');
    if (!path.startsWith(`${name}.`)) continue;
    const found = lookUp([...nodes, child], path.slice(name.length + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}

const isNested = ({ children }: SchemaTree): boolean => children.length > 0;

function rangeOf(group: RowGroup, column: string): readonly [unknown, unknown] | undefined {
  const meta = group.columns.find(({ meta_data }) => meta_data?.path_in_schema.join('.') === column)?.meta_data;
  const { min_value: least, max_value: greatest } = meta?.statistics ?? {};
  return least === undefined || greatest === undefined ? undefined : [least, greatest];
}

const badParquet = (name: string, fact: string, hint: string, cause?: unknown): ToolkitError =>
  badInput('BAD_PARQUET', `${name}: ${fact}`, hint, cause);
