/**
 * Bits per byte of held-out whole documents, by source and in all: the nats of their tokens over ln 2 and the raw bytes
 * that they stand for. Document separators stand for no bytes and count in neither. Comparable between tokenizers and
 * with the unigram model.
 */
import { badInput } from '../../crawlers/shell/errors.ts';
import type { TokenArray } from '../../shards/tokens/source.ts';
import {
  eachBatch,
  joinSources,
  type TokenFolder,
  type TokenSource,
  tokensInMemory,
} from '../../shards/tokens/source.ts';
import type { Batch } from '../batch.ts';
import { IGNORED } from '../kernels/cross-entropy.ts';
import { permutation, shuffleKey } from '../loader/shuffle.ts';
import type { Trainer } from '../model/trainer.ts';

export interface HeldOut {
  readonly tokens: TokenSource;
  /** Names. */
  readonly sources: readonly string[];
  /** One element for each document, in order. `lengths` are tokens, the BOS included; `textBytes` raw UTF-8 bytes. */
  readonly documents: {
    readonly source: readonly number[];
    readonly lengths: readonly number[];
    readonly textBytes: readonly number[];
  };
}

export interface Evaluation {
  readonly bitsPerByte: number;
  readonly documents: number;
  /** BOS not counted. */
  readonly tokens: number;
  readonly textBytes: number;
  /** Most bytes first. */
  readonly sources: readonly (Omit<Evaluation, 'sources'> & { readonly source: string })[];
}

/** What is evaluated: a trainer, or in tests anything that gives a loss for each position. */
export type Model = Pick<Trainer, 'rows' | 'losses'> & { readonly config: Pick<Trainer['config'], 'context'> };

/** Of one folder or several. @throws ToolkitError NO_HELD_OUT (exit 2) when no document fell into the split. */
export function heldOutOf(folders: readonly TokenFolder[]): HeldOut {
  const sources = [...new Set(folders.flatMap(({ manifest }) => manifest.sources.map(({ source }) => source)))];
  const each = folders.flatMap(({ manifest }) =>
    manifest.shards.flatMap(({ perDocument: shard }) =>
      shard ? { ...shard, source: shard.source.map((one) => sources.indexOf(manifest.sources[one].source)) } : [],
    ),
  );
  const documents = {
    source: each.flatMap((shard) => shard.source),
    lengths: each.flatMap((shard) => shard.tokens),
    textBytes: each.flatMap((shard) => shard.textBytes),
  };
  if (sum(documents.textBytes) === 0) {
    throw badInput(
      'NO_HELD_OUT',
      `${folders.map(({ where }) => where).join(', ')}: no document fell into the held-out split`,
      'make the tokens again with a larger --valid-share, or add documents',
    );
  }
  return { tokens: joinSources(folders.map((folder) => folder.source('valid'))), sources, documents };
}

/**
 * Whole documents of at most `maxTokens`, in memory: the same ones each time, for figures while training. Drawn in a
 * seeded order, those that still fit; so of documents longer than what is left fewer are seen than in the whole.
 */
export async function heldOutSubset(heldOut: HeldOut, maxTokens: number): Promise<HeldOut> {
  const { tokens, documents } = heldOut;
  const { lengths } = documents;
  if (sum(lengths) <= maxTokens) return heldOut;
  const at = permutation(lengths.length, shuffleKey(tokens.fingerprint, 0), 0);
  const chosen: number[] = [];
  for (let i = 0, left = maxTokens; i < lengths.length; i++) {
    if (lengths[at(i)] > left) continue;
    chosen.push(at(i));
    left -= lengths[at(i)];
  }
  if (chosen.length === 0) chosen.push(lengths.indexOf(lengths.reduce((a, b) => Math.min(a, b))));
  chosen.sort((a, b) => a - b);
  const pick = (values: readonly number[]): number[] => chosen.map((document) => values[document]);
  return {
    sources: heldOut.sources,
    tokens: tokensInMemory([await gather(tokens, lengths, chosen)], tokens),
    documents: { source: pick(documents.source), lengths: pick(lengths), textBytes: pick(documents.textBytes) },
  };
}

/** Tokens of the chosen documents, end to end; reads only the record batches that hold them. */
async function gather(tokens: TokenSource, lengths: readonly number[], chosen: readonly number[]): Promise<TokenArray> {
  const begins = [0];
  for (const length of lengths) begins.push(begins.at(-1)! + length);
  const out = new Uint32Array(sum(chosen.map((document) => lengths[document])));
  let filled = 0;
  let next = 0;
  let batchBegin = 0;
  for (const [index, count] of tokens.batchTokens.entries()) {
    const batchEnd = batchBegin + count;
    let batch: TokenArray | undefined;
    for (; next < chosen.length && begins[chosen[next]] < batchEnd; next++) {
      const [begin, end] = [begins[chosen[next]], begins[chosen[next] + 1]];
      batch ??= await tokens.load(index);
      const part = batch.subarray(Math.max(0, begin - batchBegin), Math.min(count, end - batchBegin));
      out.set(part, filled);
      filled += part.length;
      if (end > batchEnd) break; // the rest stands in the next batch
    }
    batchBegin = batchEnd;
  }
  return out;
}

export interface EvaluateOptions {
  /** As in training. */
  readonly maskDocuments?: boolean;
  readonly signal?: AbortSignal;
  /** Hears of tokens done. */
  readonly onTokens?: (done: number) => void;
}

/** Bits per byte of a model on held-out documents. Reads one record batch at a time. `undefined` when the signal was aborted. */
export async function evaluate(
  model: Model,
  heldOut: HeldOut,
  { maskDocuments = false, signal, onTokens }: EvaluateOptions = {},
): Promise<Evaluation | undefined> {
  const nats = new Float64Array(heldOut.sources.length);
  let done = 0;
  for await (const tile of tiles(heldOut, model.rows, model.config.context, maskDocuments)) {
    if (signal?.aborted) return undefined;
    const losses = await model.losses(tile);
    for (let i = 0; i < losses.length; i++) if (tile.targets[i] !== IGNORED) nats[tile.sources[i]] += losses[i];
    done += losses.length;
    onTokens?.(done);
  }
  return perByte(heldOut, nats);
}

/** Tokens of a held-out set, separators included. */
export const tokensOf = ({ documents }: HeldOut): number => sum(documents.lengths);

/** A source of the held-out split under the model and under the unigram model. */
export interface SourceFigure {
  readonly source: string;
  readonly textBytes: number;
  readonly bitsPerByte: number;
  readonly unigramBitsPerByte: number;
}

/** Both of the same split. */
export function compareSources(model: Evaluation, unigram: Evaluation): SourceFigure[] {
  const other = new Map(unigram.sources.map(({ source, bitsPerByte }) => [source, bitsPerByte]));
  return model.sources.map(({ source, textBytes, bitsPerByte }) => ({
    source,
    textBytes,
    bitsPerByte,
    unigramBitsPerByte: other.get(source)!,
  }));
}

/** Tokens of the training split that the unigram model is counted on, at most. */
const UNIGRAM_TOKENS = 2 ** 28;

/** The same figures for token frequencies of the training split, each count raised by one. */
export async function evaluateUnigram(train: TokenSource, heldOut: HeldOut): Promise<Evaluation> {
  const { vocabSize, bosId } = train;
  const counts = new Float64Array(vocabSize).fill(1);
  const batchAt = permutation(train.batchTokens.length, 0, 0);
  for (let i = 0, tokens = 0; i < train.batchTokens.length && tokens < UNIGRAM_TOKENS; i++) {
    const batch = await train.load(batchAt(i));
    for (let k = 0; k < batch.length; k++) counts[batch[k]]++;
    tokens += batch.length;
  }
  counts[bosId] = 0;
  const total = counts.reduce((a, b) => a + b);
  const nats = new Float64Array(heldOut.sources.length);
  const { source, lengths } = heldOut.documents;
  let document = -1;
  let left = 0;
  for await (const batch of eachBatch(heldOut.tokens)) {
    for (const token of batch) {
      if (left === 0) left = lengths[++document];
      left--;
      if (token !== bosId) nats[source[document]] -= Math.log(counts[token] / total);
    }
  }
  return perByte(heldOut, nats);
}

interface Tile extends Pick<Batch, 'tokens' | 'targets' | 'documentStarts'> {
  /** For each position the source of its target. */
  readonly sources: Int32Array;
}

/**
 * All documents end to end, cut into rows: every token but the first is a target exactly once. Separators, and what
 * pads the last tile, are ignored.
 */
export async function* tiles(
  heldOut: HeldOut,
  rows: number,
  length: number,
  maskDocuments = false,
): AsyncGenerator<Tile> {
  const { bosId } = heldOut.tokens;
  const { source, lengths } = heldOut.documents;
  const N = rows * length;
  const newTile = () => ({
    tokens: new Uint32Array(N),
    targets: new Uint32Array(N).fill(IGNORED),
    documentStarts: new Uint32Array(N),
    sources: new Int32Array(N),
  });
  let tile = newTile();
  let at = 0; // where the next token goes
  let documentStart = 0; // in the row
  let document = -1;
  let left = 0;
  for await (const batch of eachBatch(heldOut.tokens)) {
    for (const token of batch) {
      if (left === 0) left = lengths[++document];
      left--;
      if (at > 0 && token !== bosId) {
        tile.targets[at - 1] = token;
        tile.sources[at - 1] = source[document];
      }
      if (at === N) {
        yield tile;
        tile = newTile();
        at = 0;
      }
      if (at % length === 0) documentStart = 0;
      else if (token === bosId && maskDocuments) documentStart = at % length;
      tile.tokens[at] = token;
      tile.documentStarts[at] = documentStart;
      at++;
    }
  }
  if (at > 1) yield tile;
}

function perByte({ sources, documents }: HeldOut, nats: Float64Array): Evaluation {
  const figures = sources.map((source) => ({ source, documents: 0, tokens: 0, textBytes: 0 }));
  for (const [document, source] of documents.source.entries()) {
    figures[source].documents++;
    figures[source].tokens += documents.lengths[document] - 1;
    figures[source].textBytes += documents.textBytes[document];
  }
  const bits = (nats: number, textBytes: number): number => nats / Math.LN2 / textBytes;
  return {
    bitsPerByte: bits(sum(nats), sum(documents.textBytes)),
    documents: documents.source.length,
    tokens: sum(documents.lengths) - documents.lengths.length,
    textBytes: sum(documents.textBytes),
    sources: figures
      .map((one, source) => ({ ...one, bitsPerByte: bits(nats[source], one.textBytes) }))
      .filter((one) => one.textBytes > 0)
      .sort((a, b) => b.textBytes - a.textBytes),
  };
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}
