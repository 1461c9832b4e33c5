/**
 * Bits per byte of held-out text, by source and in all: the nats of its tokens over ln 2 and the raw bytes that they
 * stand for. Document separators stand for no bytes and count in neither. Comparable between tokenizers and with the
 * unigram model, on the same text.
 */
import { formatBytes } from '../../crawlers/shell/reporter.ts';
import type { Batch } from '../batch.ts';
import { IGNORED } from '../kernels/cross-entropy.ts';
import type { Trainer } from '../model/trainer.ts';
import { type Estimate, type Figure, figureOf, type Scored } from './estimate.ts';
import { type HeldOut, type HeldOutText, stretches, textOf } from './held-out.ts';

export interface Evaluation extends Figure {
  readonly text: HeldOutText;
  /** Most bytes first. */
  readonly sources: readonly (Figure & { readonly source: string })[];
}

/** What is evaluated: a trainer, or in tests anything that gives a loss for each position. */
export type Model = Pick<Trainer, 'rows' | 'losses'> & { readonly config: Pick<Trainer['config'], 'context'> };

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
  const nats = new Float64Array(heldOut.pieces.length);
  let done = 0;
  for await (const tile of tiles(heldOut, model.rows, model.config.context, maskDocuments)) {
    if (signal?.aborted) return undefined;
    const losses = await model.losses(tile);
    for (let i = 0; i < losses.length; i++) if (tile.targets[i] !== IGNORED) nats[tile.pieces[i]] += losses[i];
    done += losses.length;
    onTokens?.(done);
  }
  return evaluationOf(heldOut, nats);
}

interface Tile extends Pick<Batch, 'tokens' | 'targets' | 'documentStarts'> {
  /** For each position the piece of its target. */
  readonly pieces: Int32Array;
}

/**
 * All pieces end to end, cut into rows: every token but the first of a piece is a target exactly once. Those first ones,
 * and what pads the last tile, are ignored. A window sees nothing of what stands before it, as if a row began there.
 */
export async function* tiles(
  { tokens, pieces }: HeldOut,
  rows: number,
  length: number,
  maskDocuments = false,
): AsyncGenerator<Tile> {
  const N = rows * length;
  const newTile = () => ({
    tokens: new Uint32Array(N),
    targets: new Uint32Array(N).fill(IGNORED),
    documentStarts: new Uint32Array(N),
    pieces: new Int32Array(N),
  });
  let tile = newTile();
  let at = 0; // where the next token goes
  let documentStart = 0; // in the row
  const lengths = pieces.map((piece) => piece.length);
  for await (const { index, at: done, stretch } of stretches(tokens, lengths)) {
    const isApart = maskDocuments || pieces[index].begin > 0;
    for (let i = 0; i < stretch.length; i++) {
      const isFirst = done + i === 0;
      if (at > 0 && !isFirst) {
        tile.targets[at - 1] = stretch[i];
        tile.pieces[at - 1] = index;
      }
      if (at === N) {
        yield tile;
        tile = newTile();
        at = 0;
      }
      if (at % length === 0) documentStart = 0;
      else if (isFirst && isApart) documentStart = at % length;
      tile.tokens[at] = stretch[i];
      tile.documentStarts[at] = documentStart;
      at++;
    }
  }
  if (at > 1) yield tile;
}

/** @param nats of each piece's predicted tokens */
export function evaluationOf(heldOut: HeldOut, nats: Float64Array): Evaluation {
  const documents: (Scored & { readonly source: number })[] = [];
  let last: number | undefined;
  for (const [index, { document, source, length, textBytes }] of heldOut.pieces.entries()) {
    const [bits, tokens] = [nats[index] / Math.LN2, length - 1];
    const before = document === last ? documents.pop() : undefined;
    documents.push({
      source,
      bits: bits + (before?.bits ?? 0),
      tokens: tokens + (before?.tokens ?? 0),
      textBytes: textBytes + (before?.textBytes ?? 0),
    });
    last = document;
  }
  const bySource = heldOut.sources.map((): Scored[] => []);
  for (const one of documents) bySource[one.source].push(one);
  return {
    ...figureOf(documents),
    text: textOf(heldOut),
    sources: heldOut.sources
      .map((source, i) => ({ source, ...figureOf(bySource[i]) }))
      .filter((one) => one.textBytes > 0)
      .sort((a, b) => b.textBytes - a.textBytes),
  };
}

/** A source of held-out text under the model and under the unigram model. */
export interface SourceFigure extends Figure {
  readonly source: string;
  readonly unigramBitsPerByte: number;
}

/** Of the same text under a byte 5-gram, which knows no tokenizer (`byte-model.ts`). */
export interface Yardstick extends Estimate {
  /** Of training text that it was given. */
  readonly trainBytes: number;
}

/** How much of the text stands in what was trained on (`beside.ts`). */
export interface Passages {
  /** Whose passages were looked for, and training text in which. */
  readonly documents: number;
  readonly trainBytes: number;
  /** Of their words those in runs of 13 and of 50 words that stand there, 0…1. */
  readonly shares: Readonly<Record<'13' | '50', number>>;
}

/** `1.2 %, 0.0 % (8.4 MB of it read)` */
export const passagesText = ({ shares, trainBytes }: Passages): string =>
  `${[shares[13], shares[50]].map((share) => `${(100 * share).toFixed(1)} %`).join(', ')} (${formatBytes(trainBytes)} of it read)`;

/** Figures of one text beside each other. */
export interface Comparison extends Estimate {
  /** Missing where a run before 0.1.0 has left the figures: then it is all that was held out. */
  readonly text?: HeldOutText;
  readonly unigramBitsPerByte: number;
  readonly unigramStandardError?: number;
  /** Closing figures have it. */
  readonly bytes?: Yardstick;
  readonly passages?: Passages;
  readonly sources: readonly SourceFigure[];
}

/** @throws Error when they are of different texts */
export function compare(model: Evaluation, unigram: Evaluation): Comparison {
  const { text, bitsPerByte, standardError } = model;
  if (text.id !== unigram.text.id)
    throw new Error(`figures of text ${text.id} and ${unigram.text.id} beside each other`);
  const other = new Map(unigram.sources.map((one) => [one.source, one.bitsPerByte]));
  return {
    ...{ text, bitsPerByte, standardError },
    ...{ unigramBitsPerByte: unigram.bitsPerByte, unigramStandardError: unigram.standardError },
    sources: model.sources.map((one) => ({ ...one, unigramBitsPerByte: other.get(one.source)! })),
  };
}
