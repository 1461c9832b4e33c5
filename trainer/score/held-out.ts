/**
 * Held-out text: which stretches of which documents figures are of, and what they are called, so that figures of
 * different text are never compared. `draw.ts` takes a part of it.
 */
import { badInput } from '../../crawlers/shell/errors.ts';
import { formatCount } from '../../crawlers/shell/reporter.ts';
import { createChecksum, hash64 } from '../../shards/checksum.ts';
import {
  eachBatch,
  fetchTokenizer,
  isUrl,
  joinSources,
  type TokenArray,
  type TokenFolder,
  type TokenSource,
  tokensInMemory,
} from '../../shards/tokens/source.ts';
import { Tokenizer } from '../../tokenizer/load.ts';
import { effectiveNumber } from './estimate.ts';

/** A stretch of one document. Its first token (BOS, or the one before a window) is only read, the others are predicted. */
export interface Piece {
  /** Index in the split, and of its source in `sources`. */
  readonly document: number;
  readonly source: number;
  /** Checksum of the document's text. */
  readonly hash: string;
  /** The whole document, or a window of it. */
  readonly isWhole: boolean;
  /** Tokens of the document before it, and its own, the first included. */
  readonly begin: number;
  readonly length: number;
  /** UTF-8 bytes that the predicted tokens stand for. */
  readonly textBytes: number;
}

export interface Amount {
  readonly documents: number;
  /** BOS included. */
  readonly tokens: number;
  readonly textBytes: number;
}

/** What is chosen by, `--best` among it; and what is published. */
export type Half = 'select' | 'test';

export interface HeldOut {
  /** Those of the pieces, end to end. */
  readonly tokens: TokenSource;
  /** Names. */
  readonly sources: readonly string[];
  /** In the order of the split. */
  readonly pieces: readonly Piece[];
  /** What the split has, or the half of it, of which this is all or a part. */
  readonly split: Amount;
  /** Of the split, which this is of (`halfOf`); none: the whole. */
  readonly half?: Half;
  readonly tokenizer: {
    /** Checksum of tokenizer.json. */
    readonly fingerprint: string;
    /** Bytes of text that each token stands for. */
    byteLengths(): Promise<ArrayLike<number>>;
    /** Bytes of tokens one after the other. */
    bytesOf(): Promise<(ids: TokenArray) => Uint8Array<ArrayBuffer>>;
  };
}

/** The text behind a figure. Figures of one `id` may stand beside each other. */
export interface HeldOutText extends Amount {
  /**
   * The same for the same documents, in whatever order and folders, and the same windows of them: the sum of 64-bit
   * hashes. Windows are of one tokenizer.
   */
  readonly id: string;
  /** `Figure.effectiveDocuments` */
  readonly effectiveDocuments: number;
  readonly split: Amount;
  readonly half?: Half;
}

/**
 * All held-out documents of one folder or several. Folders made before the manifest had hashes of texts are read once
 * and decoded.
 * @throws ToolkitError NO_HELD_OUT (exit 2) when no document fell into the split; of older folders also those of reading.
 */
export async function heldOutOf(folders: readonly TokenFolder[]): Promise<HeldOut> {
  const indices = new Map<string, number>();
  const indexOf = (source: string): number => {
    if (!indices.has(source)) indices.set(source, indices.size);
    return indices.get(source)!;
  };
  const pieces: Piece[] = [];
  for (const folder of folders) {
    const documents = await documentsOf(folder);
    const hashes = await textHashesOf(folder, documents);
    for (const { source, tokens, textBytes } of documents) {
      for (const [i, length] of tokens.entries()) {
        const facts = { source: indexOf(source[i]), length, textBytes: textBytes[i] };
        pieces.push({ document: pieces.length, hash: hashes.next().value!, isWhole: true, begin: 0, ...facts });
      }
    }
  }
  const split = amountOf(pieces);
  if (split.textBytes === 0) {
    throw badInput(
      'NO_HELD_OUT',
      `${folders.map(({ where }) => where).join(', ')}: no document fell into the held-out split`,
      'make the tokens again with a larger --valid-share, or add documents',
    );
  }
  const [first] = folders;
  return {
    tokens: joinSources(folders.map((folder) => folder.source('valid'))),
    ...{ sources: [...indices.keys()], pieces, split },
    tokenizer: {
      fingerprint: first.manifest.tokenizer,
      byteLengths: async () => (await tokenizerOf(first)).byteLengths,
      async bytesOf() {
        const tokenizer = await tokenizerOf(first);
        return (ids) => tokenizer.decodeBytes(ids);
      },
    },
  };
}

export function textOf({ pieces, split, half, tokenizer }: HeldOut): HeldOutText {
  let sum = 0n;
  for (const { hash, isWhole, begin, length } of pieces) {
    sum += isWhole ? BigInt(`0x${hash}`) : hash64(`${hash} ${tokenizer.fingerprint} ${begin} ${length}`);
  }
  return {
    id: BigInt.asUintN(64, sum).toString(16).padStart(16, '0'),
    ...amountOf(pieces),
    effectiveDocuments: effectiveNumber(byDocument(pieces, ({ textBytes }) => textBytes)),
    split,
    ...(half && { half }),
  };
}

/** `41 documents (effective 12.3), 16,384 of 127,397 tokens of the half test` */
export function textFacts({ documents, effectiveDocuments, tokens, split, half }: HeldOutText): string {
  const part =
    tokens === split.tokens ? `all ${formatCount(tokens)}` : `${formatCount(tokens)} of ${formatCount(split.tokens)}`;
  const named = documents === 1 ? 'document' : 'documents';
  return `${formatCount(documents)} ${named} (effective ${effectiveDocuments.toFixed(1)}), ${part} tokens${half ? ` of the half ${half}` : ''}`;
}

/** Tokens that an evaluation reads, BOS included. */
export const tokensOf = ({ pieces }: HeldOut): number => pieces.reduce((sum, { length }) => sum + length, 0);

/** A figure of each piece, summed up by document. */
function byDocument(pieces: readonly Piece[], figure: (piece: Piece, index: number) => number): number[] {
  const sums: number[] = [];
  let last: number | undefined;
  for (const [index, piece] of pieces.entries()) {
    if (piece.document === last) sums[sums.length - 1] += figure(piece, index);
    else sums.push(figure(piece, index));
    last = piece.document;
  }
  return sums;
}

/** The same text read once and kept: for what is evaluated often. */
export async function inMemory(heldOut: HeldOut): Promise<HeldOut> {
  const batches: TokenArray[] = [];
  for await (const batch of eachBatch(heldOut.tokens)) batches.push(batch);
  return { ...heldOut, tokens: tokensInMemory(batches, heldOut.tokens) };
}

/** Tokens of each piece in order; of one that crosses record batches a stretch from each. `at`: tokens of it before. */
export async function* stretches(
  tokens: TokenSource,
  lengths: readonly number[],
): AsyncGenerator<{ readonly index: number; readonly at: number; readonly stretch: TokenArray }> {
  let [index, at] = [0, 0];
  for await (const batch of eachBatch(tokens)) {
    for (let from = 0; from < batch.length; ) {
      while (at === lengths[index]) [index, at] = [index + 1, 0];
      const stretch = batch.subarray(from, from + lengths[index] - at);
      yield { index, at, stretch };
      from += stretch.length;
      at += stretch.length;
    }
  }
}

export function amountOf(pieces: readonly Piece[]): Amount {
  const sum = (key: 'length' | 'textBytes'): number => pieces.reduce((total, piece) => total + piece[key], 0);
  return { documents: byDocument(pieces, () => 0).length, tokens: sum('length'), textBytes: sum('textBytes') };
}

/** Of every shard of the split. */
async function documentsOf(folder: TokenFolder): Promise<ShardDocuments[]> {
  const valid = folder.manifest.shards.filter(({ split }) => split === 'valid');
  const each: ShardDocuments[] = [];
  for (const shard of valid) each.push((await folder.documents(shard))!);
  return each;
}

type ShardDocuments = NonNullable<Awaited<ReturnType<TokenFolder['documents']>>>;

/** Of every held-out document in order: as the folder says, else of the text that its tokens stand for. */
async function textHashesOf(
  folder: TokenFolder,
  each: readonly ShardDocuments[],
): Promise<Iterator<string, undefined>> {
  const listed = each.flatMap(({ textHash }) => textHash ?? []);
  const lengths = each.flatMap(({ tokens }) => tokens);
  if (listed.length === lengths.length) return listed.values();
  const tokenizer = await tokenizerOf(folder);
  const hashes: string[] = [];
  let checksum = createChecksum();
  for await (const { index, at, stretch } of stretches(folder.source('valid'), lengths)) {
    if (at === 0) checksum = createChecksum();
    checksum.update(tokenizer.decodeBytes(at === 0 ? stretch.subarray(1) : stretch));
    if (at + stretch.length === lengths[index]) hashes.push(checksum.digest());
  }
  return hashes.values();
}

async function tokenizerOf(folder: TokenFolder): Promise<Tokenizer> {
  if (!isUrl(folder.where)) return Tokenizer.load(folder.where);
  const files = await fetchTokenizer(folder);
  return Tokenizer.parse(files['tokenizer.json'], `${folder.where}/tokenizer.json`, files['tokenizer_config.json']);
}
