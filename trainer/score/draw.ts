/**
 * Which part of held-out text figures are of, where not all of it is read. One definition for all of them: by hashes of
 * the texts alone, so that splits that share documents share what is drawn of them, and a larger draw holds the smaller.
 *
 *   windows   documents are cut into equal windows of at most 512 tokens; window k has the hash xxhash64("TEXT_HASH k")
 *   order     within its source a window comes by its hash; sources go in step, each by the share of its tokens
 *   draw      the first windows that fit into the bound
 *
 * So long documents take part as they do in the whole, and sources in their share, to a window.
 *
 * Before that documents fall into halves, by hash as in an ablation (`eval-set.ts`): what is read while training is of
 * *select*, and the best checkpoint is chosen by it; closing figures, which are published, are of *test*.
 */
import { chanceOf } from '../../shards/checksum.ts';
import type { TokenSource } from '../../shards/tokens/source.ts';
import { amountOf, type Half, type HeldOut, type Piece, stretches, tokensOf } from './held-out.ts';

/** Predicted tokens of a window, at most: about 2 kB of Vietnamese. */
const WINDOW_TOKENS = 512;

/** From here on documents are of *test*, 0…1. */
export const TEST_FROM = 0.5;
export const placeOf = (hash: string): number => chanceOf(`ablation ${hash}`);
/** Documents that a half has at least: fewer tell nothing, and the whole is read for both. */
const FEWEST = 5;

/** A half of the whole split; all of it where there are too few documents for two. */
export function halfOf(heldOut: HeldOut, half: Half): HeldOut {
  const isOf = ({ hash, length }: Piece, side: Half): boolean =>
    length > 1 && placeOf(hash) < TEST_FROM === (side === 'select');
  const [pieces, others] = (half === 'select' ? (['select', 'test'] as const) : (['test', 'select'] as const)).map(
    (side) => heldOut.pieces.filter((piece) => isOf(piece, side)),
  );
  if ([pieces, others].some((one) => new Set(one.map(({ hash }) => hash)).size < FEWEST)) return heldOut;
  return {
    ...heldOut,
    tokens: partOf(heldOut.tokens, rangesOf(heldOut.pieces, pieces)),
    pieces: pieces.map((piece, document) => ({ ...piece, document })),
    split: amountOf(pieces),
    half,
  };
}

/** At most `maxTokens` of held-out text; all of it when it fits. */
export async function drawHeldOut(heldOut: HeldOut, maxTokens: number): Promise<HeldOut> {
  if (tokensOf(heldOut) <= maxTokens) return heldOut;
  const entered = inOrder(heldOut, Math.max(1, Math.min(WINDOW_TOKENS, maxTokens - 1)));
  let [count, left] = [0, maxTokens];
  while (count < entered.length && (entered[count].length <= left || count === 0)) left -= entered[count++].length;
  const pieces = entered.slice(0, count);
  pieces.sort((a, b) => a.document - b.document || a.begin - b.begin);
  const tokens = partOf(heldOut.tokens, rangesOf(heldOut.pieces, pieces));
  return { ...heldOut, tokens, pieces: await measured(pieces, tokens, heldOut.tokenizer) };
}

/** All windows, those that are taken first in front. */
function inOrder({ pieces, sources }: HeldOut, windowTokens: number): Piece[] {
  const bySource = sources.map((): { piece: Piece; key: number }[] => []);
  for (const document of pieces) {
    for (const [k, piece] of windowsOf(document, windowTokens).entries()) {
      bySource[piece.source].push({ piece, key: chanceOf(`${piece.hash} ${k}`) });
    }
  }
  const entered = bySource.flatMap((windows, source) => {
    windows.sort((a, b) => a.key - b.key);
    const all = windows.reduce((sum, { piece }) => sum + piece.length, 0);
    // Where in its window a source is asked for: one of a single window enters with its share as probability.
    const offset = chanceOf(sources[source]);
    let before = 0;
    return windows.map(({ piece }) => {
      const at = (before + offset * piece.length) / all;
      before += piece.length;
      return { piece, at };
    });
  });
  return entered.sort((a, b) => a.at - b.at).map(({ piece }) => piece);
}

function windowsOf(document: Piece, windowTokens: number): Piece[] {
  const predicted = document.length - 1;
  const count = Math.ceil(predicted / windowTokens);
  if (count <= 1) return predicted > 0 ? [document] : [];
  const end = (k: number): number => Math.floor((k * predicted) / count);
  return Array.from({ length: count }, (_, k) => {
    const [begin, length] = [end(k), end(k + 1) - end(k) + 1];
    return { ...document, begin, length, isWhole: false, textBytes: Number.NaN };
  });
}

/** Counts the bytes of windows. */
async function measured(
  pieces: readonly Piece[],
  tokens: TokenSource,
  tokenizer: HeldOut['tokenizer'],
): Promise<Piece[]> {
  if (pieces.every(({ isWhole }) => isWhole)) return [...pieces];
  const byteLengths = await tokenizer.byteLengths();
  const bytes = new Float64Array(pieces.length);
  const lengths = pieces.map(({ length }) => length);
  for await (const { index, at, stretch } of stretches(tokens, lengths)) {
    for (let i = at === 0 ? 1 : 0; i < stretch.length; i++) bytes[index] += byteLengths[stretch[i]];
  }
  return pieces.map((piece, index) => (piece.isWhole ? piece : { ...piece, textBytes: bytes[index] }));
}

type Range = readonly [begin: number, end: number];

/** Where the chosen pieces stand among all tokens of the split. */
function rangesOf(documents: readonly Piece[], chosen: readonly Piece[]): Range[] {
  const ranges: Range[] = [];
  let [document, begin] = [0, 0];
  for (const piece of chosen) {
    for (; document < piece.document; document++) begin += documents[document].length;
    ranges.push([begin + piece.begin, begin + piece.begin + piece.length]);
  }
  return ranges;
}

/** Ranges of tokens as a source: a record batch from each that holds some of them, read when it is asked for. */
function partOf(source: TokenSource, ranges: readonly Range[]): TokenSource {
  const batches: { index: number; parts: Range[]; rows: number }[] = [];
  let [next, batchBegin] = [0, 0];
  for (const [index, count] of source.batchTokens.entries()) {
    const batchEnd = batchBegin + count;
    const parts: Range[] = [];
    while (next < ranges.length && ranges[next][0] < batchEnd) {
      const [begin, end] = ranges[next];
      parts.push([Math.max(0, begin - batchBegin), Math.min(count, end - batchBegin)]);
      if (end > batchEnd) break; // the rest stands in the next batch
      next++;
    }
    const rows = parts.reduce((sum, [begin, end]) => sum + end - begin, 0);
    if (rows > 0) batches.push({ index, parts, rows });
    batchBegin = batchEnd;
  }
  return {
    ...source,
    batchTokens: batches.map(({ rows }) => rows),
    async load(at) {
      const { index, parts, rows } = batches[at];
      const batch = await source.load(index);
      const out = batch instanceof Uint16Array ? new Uint16Array(rows) : new Uint32Array(rows);
      let filled = 0;
      for (const [begin, end] of parts) {
        out.set(batch.subarray(begin, end), filled);
        filled += end - begin;
      }
      return out;
    },
  };
}
